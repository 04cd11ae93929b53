"""Nothing is done off the record: each operation leaves what is declared of it, or is refused on record."""

from __future__ import annotations

import dataclasses
import getpass
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from django.conf import settings as django_settings
from django.db import transaction
from pytest_django import Settings

from agent.warden.audit import HostAudit
from server import __main__, commands, keys, rights_commands
from server.accounts import tokens
from server.accounts.browsers import public_id
from server.accounts.models import Grant
from server.accounts.policy import Action
from server.accounts.roles import CONSOLE
from server.audit.models import AuditEntry
from server.fleet.consumers import FleetConsumer
from server.live import access
from tests.server.accounts.matrix import BROWSER_ONLY, PATHS, RPCS, SOCKETS, TOKENS, allowed
from tests.server.accounts.world import World, world
from tests.server.audit import operations
from tests.server.audit.operations import OPERATIONS, Leaves, Silent
from tests.server.conftest import PASSWORD, MakeUser
from tests.server.people import team

RISK = 1
OWN_REASON = {"session.delete", "session.open"}  # none, and that of who opens
ROLES = sorted({leaves.role for leaves in OPERATIONS.values()})
STREAMED = {"GET /api/audit/export", "GET /api/sessions/{session_id}/rows", "GET /api/sessions/{session_id}/export"}


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def left(before: int) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(id__gt=before).order_by("id"))


def newest() -> int:
    return AuditEntry.objects.values_list("id", flat=True).first() or 0


def said(entries: list[AuditEntry]) -> tuple[str, ...]:
    return tuple(entry.action + ("" if entry.outcome == "done" else f":{entry.outcome}") for entry in entries)


def test_no_operation_is_missing() -> None:
    assert set(OPERATIONS) == set(PATHS)
    assert set(operations.SOCKETS) == set(SOCKETS)
    assert set(operations.RPCS) == RPCS
    assert set(operations.COMMANDS) == set(commands.NEEDS)
    every = [*OPERATIONS.values(), *operations.SOCKETS.values(), *operations.RPCS.values()]
    assert all((isinstance(one, Silent) and one.why) or one.entries for one in every)


@pytest.mark.parametrize("role", ROLES)
def test_each_leaves_its_entries(db: None, server_keys: None, role: str) -> None:
    made = world(role)
    assert [found for path, leaves in OPERATIONS.items() if leaves.role == role for found in wrong(made, path)] == []


def wrong(made: World, path: tuple[str, str]) -> list[str]:
    leaves = OPERATIONS[path]
    with undone():
        before = newest()
        reply = leaves.act(made) if leaves.act else made.answer((*path, leaves.relation, RISK), leaves.body)
        entries = left(before)
    problems = [problem for entry in entries for problem in lacking(made, leaves, path, entry)]
    problems += [] if reply.status_code < 300 else [f"answered {reply.status_code}"]
    problems += [] if said(entries) == leaves.entries else [f"left {said(entries)}"]
    return [f"{path}: {problem}" for problem in problems]


def lacking(made: World, leaves: Leaves, path: tuple[str, str], entry: AuditEntry) -> list[str]:
    way = entry.detail.get("via", {})
    by_cookie = leaves.act is None
    session = made.sessions[leaves.relation, RISK]
    hosts = [run.host.name for run in session.runs.select_related("host")]
    complete = {
        "who": bool(entry.actor) and (not by_cookie or entry.actor == made.person.username),
        "where": way.get("address") == "127.0.0.1",
        "sign-in": not by_cookie or way.get("sign_in") == made.sign_in,
        "session": "{session" not in path[1] or entry.session == session.pk,
        "hosts": "{session" not in path[1] or entry.hosts == hosts or entry.action == "session.stop",
        "why": "{session" not in path[1] or entry.reason == session.reason or entry.action in OWN_REASON,
        "host": "{host}" not in path[1] or len(entry.hosts) == 1,
    }
    return [f"{entry} does not say {name}" for name, there in complete.items() if not there]


@pytest.mark.parametrize("scope", ["all", "people"])
def test_each_says_by_which_token_it_was_done(db: None, server_keys: None, scope: str) -> None:
    made = world("admin")
    made.bearer = tokens.mint(made.person, "report", 1, tokens.Reach.named(scope, "s3"))
    number = made.person.tokens.get(name="report").pk
    for path, leaves in OPERATIONS.items():
        if leaves.act or leaves.role != "admin" or path in BROWSER_ONLY or not leaves.entries:
            continue
        if PATHS[path][0] not in TOKENS[scope]:
            continue
        with undone():
            before = newest()
            made.answer((*path, leaves.relation, RISK), leaves.body)
            entries = left(before)
        ways = [entry.detail["via"] for entry in entries]
        assert said(entries) == leaves.entries, path
        assert ways == [{"address": "127.0.0.1", "token": "report", "token_id": number}] * len(ways), path


def test_each_refusal_is_an_entry(db: None, server_keys: None) -> None:
    made = world("none")
    refusals = 0
    for path, (action, _) in PATHS.items():
        if action is None or allowed(action, "none", "own", RISK, path[1]):
            continue
        with undone():
            before = newest()
            reply = made.answer((*path, "own", RISK))
            entries = left(before)
        assert len(entries) == 1, (path, reply.status_code, said(entries))
        entry = entries[0]
        told = (reply.status_code in (403, 404), entry.actor, entry.outcome, entry.detail["via"]["sign_in"])
        assert told == (True, "person", "refused", made.sign_in), path
        assert entry.action in (str(action), "team.view", "host.view") and entry.detail["refusal"], path
        refusals += 1
    assert refusals > 40


def test_a_wrong_token_and_a_wrong_password_leave_a_refusal(db: None, server_keys: None) -> None:
    made = world("admin")
    before = newest()
    made.bearer = "fst1.guessed"
    assert made.send("GET", "/api/hosts").status_code == 401
    assert made.send("GET", "/api/users").status_code == 401
    made.bearer = ""
    wrong_password = {"current": "guessed", "password": "another long secret"}
    assert made.send("POST", "/api/auth/password", wrong_password).status_code == 422
    entries = left(before)
    assert said(entries) == ("account.login:refused", "account.password:refused")
    assert entries[0].detail["via"] == {"address": "127.0.0.1"}


class Browser(dict[str, Any]):
    """A socket's session."""

    session_key: str = ""


def test_each_socket(db: None, server_keys: None) -> None:
    made = world("admin")
    browser = Browser(_auth_user_id="1")
    browser.session_key = made.cookies[django_settings.SESSION_COOKIE_NAME]
    scope = {"user": made.person, "session": browser, "client": ("10.0.0.9", 1)}
    way = {"address": "10.0.0.9", "sign_in": public_id(browser.session_key)}
    before = newest()
    consumer = FleetConsumer()
    consumer.scope = cast(Any, scope)
    assert consumer._enter() == "" and said(left(before)) == operations.SOCKETS["ws/fleet"].entries
    session = str(made.sessions["own", RISK].pk)
    access.enter(scope | {"url_route": {"kwargs": {"session": session}}})
    (entry,) = left(before)
    assert said([entry]) == operations.SOCKETS["ws/sessions/<str:session>"].entries
    assert (entry.detail["via"], str(entry.session)) == (way, session)
    Grant.objects.all().delete()
    assert "needs the role" in consumer._enter()
    assert said(left(entry.id)) == ("host.view:refused",) and left(entry.id)[0].detail["via"] == way


@pytest.fixture
def console(user: MakeUser, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What the commands need to do something."""
    settings.ENV = dataclasses.replace(settings.ENV, data=tmp_path)
    keys.ensure_web(settings.ENV.keys)
    keys.ensure_ingest(settings.ENV.keys, ["localhost"])
    monkeypatch.setattr(commands, "_serve", lambda **_: 0)
    monkeypatch.setattr(commands, "_set_up", lambda: None)
    monkeypatch.setattr(commands, "_read_password", lambda: PASSWORD)
    user("viewer", "ann")
    team("ours")
    log = tmp_path / "host.log"
    HostAudit(log).record("started")
    return {"grant": str(Grant.objects.get().pk), "log": str(log), "file": str(tmp_path / "audit.ndjson")}


def test_each_command(console: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    for name, (line, leaves) in operations.COMMANDS.items():
        with undone():
            before = newest()
            status = _run(line.format(**console).split())
            entries = left(before)
        assert status == 0, (name, capsys.readouterr().err)
        wanted = () if name == "storage_sweep" else leaves.entries  # nothing is old enough; test_retention.py deletes
        assert said(entries) == wanted, name
        assert all(entry.detail["via"] == {"console": getpass.getuser()} for entry in entries), name


def test_each_command_asks_the_policy(
    console: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The console has every right but the command's own; those that only bring the server up ask for none."""
    asking = {name: Action(needed) for name, needed in commands.NEEDS.items() if needed}
    assert set(commands.NEEDS) - set(asking) == {"run", "web", "ingest", "migrate"}
    for name, needed in asking.items():
        with undone(), monkeypatch.context() as bare:
            bare.setattr("server.accounts.policy.CONSOLE", CONSOLE - {needed})
            before = newest()
            status = _run(operations.COMMANDS[name][0].format(**console).split())
            entries = left(before)
        assert (status, said(entries)) == (1, (f"{needed}:refused",)), name
        assert f"{needed} is for people, not for the server's console" in capsys.readouterr().err, name


def _run(line: list[str]) -> int:
    arguments = __main__._parser().parse_args(line)
    module = rights_commands if hasattr(rights_commands, arguments.run) else commands
    function: Callable[..., int] = getattr(module, arguments.run)
    return function(arguments)

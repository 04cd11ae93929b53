"""Role x risk x action x relation x path: each cell of the declared table is executed, and no way in is missing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from ninja.operation import PathView

from proto.v1 import agent_pb2
from server import asgi
from server.accounts import tokens
from server.accounts.models import Risk, User
from server.accounts.policy import About, Action, decide, reach
from server.accounts.tokens import Reach
from server.consent import rights as requests
from server.consent.models import Request
from server.fleet.models import Host
from server.live.access import RefusedError, enter
from server.tracing.rights import about, sessions_for
from tests.server.accounts.matrix import (
    BROWSER_ONLY,
    GLASS,
    OTHERS,
    PATHS,
    PUBLIC,
    RELATIONS,
    RISKS,
    ROLES,
    RPCS,
    SESSIONS,
    SOCKETS,
    TOKENS,
    allowed,
    hidden,
)
from tests.server.accounts.world import Cell, World, refused, world
from tests.server.people import grant, team

REQUESTS = {Action.REQUEST_VIEW, Action.SESSION_APPROVE}
SERVER = Path(__file__).resolve().parents[3] / "server"


def routes(patterns: Iterable[URLPattern | URLResolver], prefix: str = "/") -> Iterator[tuple[str, Any]]:
    """Every route that the server resolves, with its view."""
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        else:
            yield route.replace("<", "{").replace(">", "}"), pattern.callback


def verbs(view: Any) -> set[str]:
    """Of an operation of the API, also of one that its description hides; none of any other view."""
    held = [cell.cell_contents for cell in getattr(view, "__closure__", None) or ()]
    operations = [operation for one in held if isinstance(one, PathView) for operation in one.operations]
    return {verb for operation in operations for verb in operation.methods}


def sockets() -> set[str]:
    app: Any = asgi.application.application_mapping["websocket"]
    while not hasattr(app, "routes"):
        app = getattr(app, "inner", None) or app.application
    return {str(route.pattern) for route in app.routes}


def cells() -> Iterator[Cell]:
    for verb, path in PATHS:
        if "{session" in path or "{request" in path:
            yield from ((verb, path, relation, risk) for relation in RELATIONS for risk in RISKS)
        else:
            yield verb, path, "own", 0


def as_declared(answer: HttpResponseBase, role: str, cell: Cell) -> bool:
    verb, path, relation, risk = cell
    action, _ = PATHS[verb, path]
    if action is None or allowed(action, role, relation, risk, path):
        return action is None or not refused(answer)
    return answer.status_code == (404 if hidden(action, role, relation, risk, path) else 403)


def as_declared_by_token(role: str, scope: str, highest: int, answer: HttpResponseBase, cell: Cell) -> bool:
    verb, path, relation, risk = cell
    action, _ = PATHS[verb, path]
    within = action in TOKENS[scope] and risk <= highest and (verb, path) not in BROWSER_ONLY
    return action is None or refused(answer) != (within and allowed(action, role, relation, risk, path))


def differences(made: World, role: str, asked: Iterable[Cell]) -> list[str]:
    return different(made, lambda answer, cell: as_declared(answer, role, cell), asked)


def different(made: World, right: Callable[[HttpResponseBase, Cell], bool], asked: Iterable[Cell]) -> list[str]:
    found = []
    for cell in asked:
        with transaction.atomic():
            answer = made.answer(cell)
            body = getattr(answer, "content", b"")[:200]
            transaction.set_rollback(True)
        if not right(answer, cell):
            found.append(f"{cell}: {answer.status_code} {body!r}")
    return found


def test_every_way_in_is_listed() -> None:
    resolved = list(routes(get_resolver().url_patterns))
    assert {(verb, route) for route, view in resolved for verb in verbs(view)} == set(PATHS)
    assert {route for route, view in resolved if not verbs(view)} == set(PUBLIC)
    assert sockets() == set(SOCKETS)
    services = agent_pb2.DESCRIPTOR.services_by_name.values()
    assert {f"{service.name}.{method.name}" for service in services for method in service.methods} == RPCS
    consumers = {path.parent.name for path in SERVER.glob("*/routing.py")}
    listed = {name for name in consumers for route in import_module(f"server.{name}.routing").websocket_urlpatterns}
    assert listed == consumers == {"fleet", "live"}


@pytest.mark.parametrize("address", PUBLIC.values())
def test_what_needs_no_sign_in_tells_everybody_the_same(db: None, server_keys: None, address: str) -> None:
    def told(client: Client) -> tuple[int, bytes]:
        answer = client.get(address)
        body = b"".join(answer) if getattr(answer, "streaming", False) else answer.content
        return answer.status_code, re.sub(rb'(nonce"?|content)="[\w-]{22}"', b"", body)

    signed_in = Client()
    signed_in.force_login(world("admin").person)
    assert told(signed_in) == told(Client())
    assert told(Client())[0] in (200, 404)


def test_every_action_is_in_the_table() -> None:
    assert set(SESSIONS) | set(OTHERS) == set(Action)
    reached = {action for action, _ in PATHS.values()} | set(SOCKETS.values())
    assert set(Action) - reached == {Action.SESSION_REVEAL, Action.SESSION_BREAK_GLASS, Action.GRANT_VIEW}


@pytest.mark.parametrize("role", ROLES)
def test_every_cell_over_http(db: None, server_keys: None, role: str) -> None:
    assert differences(world(role), role, cells()) == []


@pytest.mark.parametrize("role", ["tracer", "admin"])
@pytest.mark.parametrize(("scope", "highest"), [("read", 1), ("trace", 1), ("trace", 2), ("people", 3), ("all", 3)])
def test_every_cell_over_http_with_a_token(db: None, server_keys: None, role: str, scope: str, highest: int) -> None:
    made = world(role)
    made.bearer = tokens.mint(made.person, "report", 1, Reach.named(scope, f"s{highest}"))
    assert different(made, partial(as_declared_by_token, role, scope, highest), cells()) == []


@pytest.mark.parametrize(("scope", "highest"), [("read", 0), ("read", 1), ("trace", 2)])
def test_what_a_token_lists_is_what_the_function_allows_it(
    db: None, server_keys: None, scope: str, highest: int
) -> None:
    made = world("tracer")
    person = _came_in(made.person, Reach.named(scope, f"s{highest}"))
    for action in (Action.SESSION_LIST, Action.SESSION_VIEW, Action.SESSION_EXPORT):
        listed = set(sessions_for(person, action).values_list("pk", flat=True))
        assert listed == {
            session.pk
            for (relation, risk), session in made.sessions.items()
            if risk <= highest and allowed(action, "tracer", relation, risk)
        }
        decided = {one for one in made.sessions.values() if decide(person, action, about(one, person)).allowed}
        assert listed == {one.pk for one in decided}
    assert bool(reach(person, Action.SESSION_START)) == (scope == "trace")


@pytest.mark.parametrize("role", ROLES)
def test_every_cell_of_a_session_by_the_function_its_list_and_its_socket(
    db: None, server_keys: None, role: str
) -> None:
    made = world(role)
    for (relation, risk), session in made.sessions.items():
        asked = about(session, made.person)
        for action in set(SESSIONS) - REQUESTS:
            cell = (role, action, relation, risk)
            assert decide(made.person, action, asked).allowed == allowed(action, role, relation, risk), cell
        route = {"kwargs": {"session": str(session.pk)}}
        scope = {"user": made.person, "url_route": route, "session": SessionBase()}
        assert _enters(scope) == allowed(Action.SESSION_VIEW, role, relation, risk)
    for action in (Action.SESSION_LIST, Action.SESSION_VIEW, Action.SESSION_EXPORT):
        listed = set(sessions_for(made.person, action).values_list("pk", flat=True))
        assert listed == {
            session.pk for (relation, risk), session in made.sessions.items() if allowed(action, role, relation, risk)
        }


@pytest.mark.parametrize("role", ROLES)
def test_every_cell_of_a_request_by_the_function_and_its_list(db: None, server_keys: None, role: str) -> None:
    made = world(role)
    for action in REQUESTS:
        cells = {
            (found.pk, relation): allowed(action, role, relation, risk)
            for (relation, risk), found in made.requests.items()
        }
        asked = {pk: requests.about(Request.objects.get(pk=pk)) for pk, _ in cells}
        assert {pk: decide(made.person, action, asked[pk]).allowed for pk, _ in cells} == {
            pk: yes for (pk, _), yes in cells.items()
        }
        others = Request.objects.exclude(created_by=made.person)
        listed = {found.pk for found in requests.requests_for(made.person, action, others)}
        assert listed == {pk for (pk, relation), yes in cells.items() if yes and relation != "own"}


@pytest.mark.parametrize("role", ROLES)
def test_every_other_action_by_the_function(db: None, server_keys: None, role: str) -> None:
    person = world(role).person
    assert {action for action in OTHERS if decide(person, action, About()).allowed} == {
        action for action, roles in OTHERS.items() if role in roles
    }


@pytest.mark.parametrize("said", [False, True])
@pytest.mark.parametrize("role", ROLES)
def test_every_cell_of_breaking_the_glass(db: None, server_keys: None, role: str, *, said: bool) -> None:
    """Asking for it, starting what was asked for before, and what is said of it beforehand, in each team and class."""
    made = world(role)
    for name in ("ours", "theirs"):
        grant(made.person, "tracer", team(name))  # so that a start alone is never what is missing
    made.person.grants.filter(role=role, risk__lt=Risk.S3).update(break_glass=said)
    made.person.grants.filter(role=role, team=None).update(break_glass=said)
    host = Host.objects.get()
    for team_name, risk in product(("ours", "theirs"), RISKS):
        may = said and role in GLASS and team_name == "ours" and risk <= Risk.S2
        cell = (team_name, risk)
        about = About(team(team_name), [host], risk)
        assert decide(made.person, Action.SESSION_BREAK_GLASS, about).allowed == may, cell
        tool = {0: "syscount", 1: "syscount", 2: "opensnoop", 3: "sslsniff"}[risk]
        query = f"/api/me/rights?tool={tool}&hosts=host-1&team={team_name}&risk=s{risk}"
        told = json.loads(made.send("GET", query).content)  # type: ignore[attr-defined]
        assert (told["glass"] == "", told["hosts"][0]["break_glass"]) == (may, may), cell


def _came_in(person: User, most: Reach) -> User:
    found = tokens.owner(tokens.mint(person, "report", 1, most))
    assert found is not None
    return found


def _enters(scope: dict[str, Any]) -> bool:
    try:
        enter(scope)
    except RefusedError:
        return False
    return True

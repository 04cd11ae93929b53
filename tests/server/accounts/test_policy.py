from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from django.contrib.auth.models import AnonymousUser

from server.accounts import tokens
from server.accounts.grants import Bounds
from server.accounts.models import Risk, User
from server.accounts.policy import CONSOLE_ACTOR, About, Action, decide, reach, require
from server.accounts.roles import ANYBODY, CONSOLE
from server.audit.models import AuditEntry
from server.errors import Forbidden
from tests.server.people import grant, team


@dataclass
class Somewhere:
    name: str
    labels: dict[str, str] = field(default_factory=dict)


STAGING = Somewhere("web-1", {"env": "staging", "site": "a"})
PRODUCTION = Somewhere("db-1", {"env": "production"})


@pytest.fixture
def ann(user: Callable[..., User]) -> User:
    return user("", "ann")


def start(**fields: object) -> About:
    return replace(About(team=team(), hosts=[STAGING], risk=Risk.S2, what="opensnoop"), **fields)  # type: ignore[arg-type]


def refusal(actor: User, action: Action, about: About) -> str:
    decision = decide(actor, action, about)
    assert not decision.allowed
    return decision.reason


@pytest.mark.parametrize("actor", [None, AnonymousUser()])
@pytest.mark.parametrize("action", Action)
def test_nobody_may_nothing(actor: AnonymousUser | None, action: Action) -> None:
    assert decide(actor, action).reason == "sign in first"


@pytest.mark.parametrize("action", Action)
def test_the_console_administers_and_reads_no_rows(action: Action) -> None:
    assert decide(CONSOLE_ACTOR, action).allowed == (action in CONSOLE)
    assert CONSOLE & {Action.SESSION_LIST, Action.SESSION_VIEW, Action.SESSION_EXPORT, Action.SESSION_START} == set()


def test_an_inactive_person_may_nothing(user: Callable[..., User]) -> None:
    gone = user("admin")
    gone.is_active = False
    assert not decide(gone, Action.SESSION_VIEW).allowed
    assert reach(gone, Action.SESSION_VIEW) == []


def test_a_grant_of_another_team_counts_for_nothing_here(ann: User, user: Callable[..., User]) -> None:
    user("admin", "bob")
    grant(ann, "tracer", team("other"))
    assert refusal(ann, Action.SESSION_START, start()) == (
        "session.start needs the role tracer in team default, yours is none; ask bob"
    )
    assert decide(ann, Action.SESSION_START, start(team=team("other"))).allowed


def test_hosts_that_no_grant_selects_are_named_each(ann: User) -> None:
    grant(ann, "tracer", team(), host_labels={"env": "staging"})
    assert decide(ann, Action.SESSION_START, start()).allowed
    many = start(hosts=[STAGING, PRODUCTION, Somewhere("db-2")])
    assert refusal(ann, Action.SESSION_START, many).startswith(
        "session.start on db-1, db-2: your grants select other hosts; "
    )
    grant(ann, "tracer", team(), host_names=["db-1", "db-2"])
    assert decide(ann, Action.SESSION_START, many).allowed


def test_a_host_needs_one_of_the_names_and_all_labels(ann: User) -> None:
    grant(ann, "tracer", team(), host_names=["web-1"], host_labels={"env": "staging", "site": "b"})
    assert not decide(ann, Action.SESSION_START, start()).allowed


def test_the_class_is_bounded(ann: User) -> None:
    grant(ann, "tracer", team(), risk=Risk.S1)
    assert refusal(ann, Action.SESSION_START, start()).startswith(
        "session.start on web-1: opensnoop is of class S2, your grants go up to S1; "
    )
    assert decide(ann, Action.SESSION_START, start(risk=Risk.S1)).allowed


def test_one_grant_has_to_hold_all_of_it(ann: User) -> None:
    """Up to S1 anywhere for 5 minutes and S2 on staging for one is not S2 on staging for five."""
    grant(ann, "tracer", team(), risk=Risk.S1, max_seconds=300)
    grant(ann, "tracer", team(), host_labels={"env": "staging"}, max_seconds=60)
    assert decide(ann, Action.SESSION_START, start(asked=Bounds(seconds=60))).allowed
    reason = refusal(ann, Action.SESSION_START, start(asked=Bounds(seconds=300)))
    assert reason.startswith("session.start on web-1: 300 s asked for, 60 s granted; ")
    assert decide(ann, Action.SESSION_START, start(risk=Risk.S1, asked=Bounds(seconds=300))).allowed


@pytest.mark.parametrize(
    ("bound", "asked"),
    [
        ({"max_seconds": 5}, Bounds(seconds=6)),
        ({"max_seconds": 5}, Bounds(seconds=0)),
        ({"max_rows": 10}, Bounds(rows=11)),
        ({"max_budget_permille": 10}, Bounds(budget_permille=11)),
        ({"max_hosts": 1}, Bounds(hosts=2)),
    ],
)
def test_every_bound_binds(ann: User, bound: dict[str, int], asked: Bounds) -> None:
    held = grant(ann, "tracer", team(), **bound)
    assert "granted" in refusal(ann, Action.SESSION_START, start(asked=asked))
    held.delete()
    grant(ann, "tracer", team())
    assert decide(ann, Action.SESSION_START, start(asked=asked)).allowed


def test_what_a_team_holds_its_members_have(ann: User) -> None:
    ops = team("ops")
    grant(None, "viewer", team(), holders=ops)
    assert not decide(ann, Action.SESSION_VIEW, start()).allowed
    ops.members.add(ann)
    assert decide(ann, Action.SESSION_VIEW, start()).allowed


def test_an_admin_knows_of_every_session_and_reads_up_to_s1(ann: User) -> None:
    grant(ann, "admin", None)
    for risk in Risk:
        assert decide(ann, Action.SESSION_LIST, start(risk=risk)).allowed
        assert decide(ann, Action.SESSION_STOP, start(risk=risk)).allowed
        assert decide(ann, Action.SESSION_VIEW, start(risk=risk)).allowed == (risk <= Risk.S1)
    assert refusal(ann, Action.SESSION_VIEW, start()).endswith("you can grant it under Teams")


def test_an_auditor_reads_the_audit_alone(user: Callable[..., User]) -> None:
    auditor = user("auditor")
    allowed = {action for action in Action if decide(auditor, action, start()).allowed}
    assert allowed == {Action.AUDIT_VIEW, *ANYBODY}


def test_a_tracer_ends_own_sessions_alone(ann: User) -> None:
    grant(ann, "tracer", team())
    assert decide(ann, Action.SESSION_STOP, start(created_by=ann.pk)).allowed
    assert refusal(ann, Action.SESSION_STOP, start(created_by=-1)).startswith(
        "session.stop of another person's session needs the role admin in team default; "
    )


def test_nobody_approves_what_they_asked_for(ann: User) -> None:
    grant(ann, "approver", team())
    assert decide(ann, Action.SESSION_APPROVE, start(created_by=-1)).allowed
    assert "another person" in refusal(ann, Action.SESSION_APPROVE, start(created_by=ann.pk))


def test_a_share_opens_the_team_and_raises_neither_class_nor_hosts(ann: User) -> None:
    grant(ann, "viewer", team("other"), risk=Risk.S1, host_labels={"env": "staging"})
    shared = start(shared=True, risk=Risk.S1)
    assert decide(ann, Action.SESSION_VIEW, shared).allowed
    assert not decide(ann, Action.SESSION_VIEW, replace(shared, shared=False)).allowed
    assert "up to S1" in refusal(ann, Action.SESSION_VIEW, replace(shared, risk=Risk.S2))
    assert "other hosts" in refusal(ann, Action.SESSION_VIEW, replace(shared, hosts=[PRODUCTION]))
    assert not decide(ann, Action.SESSION_STOP, replace(shared, created_by=-1)).allowed


def test_nobody_widens_their_own_rights_while_another_can(ann: User, user: Callable[..., User]) -> None:
    grant(ann, "admin", None)
    own = About(benefits=frozenset({ann.pk}))
    assert decide(ann, Action.GRANT_CHANGE, own).allowed
    user("admin", "bob")
    assert refusal(ann, Action.GRANT_CHANGE, own).endswith("while another admin can; ask bob")
    assert decide(ann, Action.GRANT_CHANGE, About(benefits=frozenset({-1}))).allowed


@pytest.mark.parametrize(
    ("given", "allowed"),
    [
        ({}, False),
        ({"host_labels": {"env": "staging"}}, True),
        ({"host_labels": {"env": "staging"}, "risk": Risk.S2}, False),
        ({"host_labels": {"env": "production"}}, False),
        ({"host_names": ["web-1"], "host_labels": {"env": "staging"}}, True),
    ],
)
def test_an_admin_gives_no_more_than_they_may(ann: User, given: dict[str, object], *, allowed: bool) -> None:
    grant(ann, "admin", team(), host_labels={"env": "staging"}, risk=Risk.S1)
    wished = grant(None, "viewer", team(), holders=team("ops"), **{"risk": Risk.S1, **given})
    assert decide(ann, Action.GRANT_CHANGE, About(team=team(), grant=wished)).allowed == allowed
    elsewhere = grant(None, "viewer", None, holders=team("ops"), **{"risk": Risk.S1, **given})
    assert not decide(ann, Action.GRANT_CHANGE, About(grant=elsewhere)).allowed


def test_a_refusal_stands_in_the_audit(user: Callable[..., User]) -> None:
    with pytest.raises(Forbidden, match="needs the role tracer, yours is viewer"):
        require(user("viewer"), Action.SESSION_START, tool="opensnoop", hosts=["web-1"], reason="curious")
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.outcome) == ("viewer", "session.start", "refused")
    assert (entry.tool, entry.hosts, entry.reason) == ("opensnoop", ["web-1"], "curious")


def with_token(person: User, scope: str, risk: str = "s3") -> User:
    found = tokens.owner(tokens.mint(person, "report", 1, tokens.Reach.named(scope, risk)))
    assert found is not None
    return found


def test_a_token_narrows_what_its_owner_may(ann: User) -> None:
    grant(ann, "tracer", team())
    assert decide(with_token(ann, "trace"), Action.SESSION_START, start()).allowed
    assert refusal(with_token(ann, "read"), Action.SESSION_START, start()) == (
        "session.start is beyond the scope read of the API token 'report'; do it in the browser, or with a token that "
        "reaches further"
    )
    assert refusal(with_token(ann, "trace", "s1"), Action.SESSION_START, start()) == (
        "session.start: opensnoop is of class S2, the API token 'report' goes up to S1; do it in the browser, or with "
        "a token that reaches further"
    )
    assert decide(with_token(ann, "trace", "s1"), Action.SESSION_START, start(risk=Risk.S1)).allowed


def test_no_token_makes_people_or_grants_but_one_for_nothing_else(user: Callable[..., User]) -> None:
    admin = user("admin")
    for action in (Action.USER_ADD, Action.GRANT_CHANGE, Action.TEAM_CHANGE):
        assert refusal(with_token(admin, "all"), action, About()) == (
            f"{action} is beyond the scope all of the API token 'report'; do it in the browser, or with a token of the "
            "scope people"
        )
        assert decide(with_token(admin, "people"), action, About()).allowed
    for action in (Action.SESSION_VIEW, Action.AUDIT_VIEW, Action.USER_CHANGE, Action.HOST_JOIN, Action.OWN_CHANGE):
        assert not decide(with_token(admin, "people"), action, About()).allowed


def test_a_token_widens_nothing(ann: User) -> None:
    grant(ann, "viewer", team(), risk=Risk.S1)
    traces = with_token(ann, "trace", "s2")
    assert "needs the role tracer" in refusal(traces, Action.SESSION_START, start())
    assert "your grants go up to S1" in refusal(traces, Action.SESSION_VIEW, start())
    assert [held.risk for held in reach(traces, Action.SESSION_VIEW)] == [Risk.S1]


def test_lists_are_bounded_by_the_token_and_the_grant_is_not_touched(ann: User) -> None:
    held = grant(ann, "tracer", team())
    assert [found.risk for found in reach(with_token(ann, "read", "s1"), Action.SESSION_VIEW)] == [Risk.S1]
    assert reach(with_token(ann, "read"), Action.SESSION_START) == []
    held.refresh_from_db()
    assert held.risk == Risk.S3


@pytest.mark.parametrize("scope", ["read", "trace"])
def test_a_narrow_token_neither_administers_nor_changes_the_account(user: Callable[..., User], scope: str) -> None:
    admin = with_token(user("admin"), scope)
    for action in (Action.USER_CHANGE, Action.GRANT_CHANGE, Action.HOST_JOIN, Action.OWN_CHANGE, Action.SESSION_DELETE):
        assert f"scope {scope} of the API token" in refusal(admin, action, start())
    assert decide(admin, Action.OWN_ACCOUNT).allowed

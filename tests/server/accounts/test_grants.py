from __future__ import annotations

from collections.abc import Callable

from server.accounts import grants
from server.accounts.grants import Bounds
from server.accounts.models import Grant, Risk, Role, User
from server.accounts.roles import RULES, Action
from tests.server.people import grant, team


def test_a_person_holds_their_own_and_what_their_teams_hold(user: Callable[..., User]) -> None:
    ann = user("viewer", "ann")
    held = grant(None, "tracer", team(), holders=team("ops"))
    assert [one.role for one in grants.held(ann)] == ["viewer"]
    team("ops").members.add(ann)
    assert held in grants.held(ann)
    assert len(grants.held(ann)) == 2


def test_of_each_bound_the_loosest_counts_and_none_is_looser_than_all() -> None:
    tight, loose = Grant(max_seconds=60, max_rows=10), Grant(max_seconds=300)
    assert grants.loosest([tight, loose]) == Bounds(seconds=300)
    assert grants.loosest([tight]) == Bounds(seconds=60, rows=10)
    assert grants.loosest([]) == Bounds()


def test_what_is_beyond_is_said_in_words() -> None:
    held = Grant(max_seconds=60, max_hosts=2)
    assert grants.exceeded(held, Bounds(seconds=61, hosts=3)) == [
        "61 s asked for, 60 s granted",
        "3 hosts asked for, 2 hosts granted",
    ]
    assert grants.exceeded(held, Bounds(seconds=0)) == ["no limit asked for, 60 s granted"]
    assert grants.exceeded(held, Bounds(seconds=60, rows=10**9)) == []


def test_administering_reads_no_higher_than_s1() -> None:
    admin = Grant(role=Role.ADMIN, risk=Risk.S3)
    assert grants.highest(admin, RULES[Action.SESSION_VIEW]) == Risk.S1
    assert grants.highest(admin, RULES[Action.SESSION_STOP]) == Risk.S3
    assert grants.highest(Grant(role=Role.VIEWER, risk=Risk.S2), RULES[Action.SESSION_VIEW]) == Risk.S2


def test_admins_are_those_of_the_team_and_of_every_team(user: Callable[..., User]) -> None:
    user("admin", "bob")
    ann, ops = user("", "ann"), team("ops")
    grant(None, "admin", team("web"), holders=ops)
    ops.members.add(ann)
    user("admin", "gone")
    User.objects.filter(username="gone").update(is_active=False)
    assert [person.username for person in grants.admins(team("web"))] == ["ann", "bob"]
    assert [person.username for person in grants.admins(None)] == ["bob"]
    assert grants.whom_to_ask(ann, team("web")) == "ask bob"
    assert grants.whom_to_ask(user("viewer", "eve"), team("web")) == "ask ann or bob"

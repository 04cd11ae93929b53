from __future__ import annotations

from collections.abc import Callable

import pytest

from server.accounts import grants, teams
from server.accounts.grants import Bounds
from server.accounts.models import Grant, Risk, Team, User
from server.accounts.policy import CONSOLE_ACTOR
from server.accounts.teams import Terms
from server.audit.models import AuditEntry
from server.errors import Conflict, Forbidden, Invalid, NotFound
from tests.server.people import grant, team
from tests.server.tracing.sessions import traced


def newest() -> AuditEntry:
    return AuditEntry.objects.order_by("-id")[0]


def test_every_change_is_on_the_record_with_before_and_after(user: Callable[..., User]) -> None:
    bob = user("admin", "bob")
    user("", "ann")
    teams.add(bob, "web")
    assert (newest().action, newest().actor, newest().detail) == ("team.add", "bob", {"team": "web"})
    teams.join(bob, team("web"), "ann")
    assert newest().detail["before"]["members"] == []
    assert newest().detail["after"]["members"] == ["ann"]
    made = teams.give(bob, Terms("tracer", holders="web", team="web", host_labels={"env": "dev"}, risk=Risk.S1))
    assert (newest().detail["before"], newest().detail["after"]["host_labels"]) == (None, {"env": "dev"})
    changed = teams.alter(bob, made, Terms("tracer", holders="web", team="web", bounds=Bounds(seconds=60)))
    assert (newest().detail["before"]["risk"], newest().detail["after"]["risk"]) == ("s1", "s2")
    assert (changed.pk, Grant.objects.get(pk=made.pk).max_seconds) == (made.pk, 60)
    teams.take(bob, changed)
    assert (newest().detail["before"]["max_seconds"], newest().detail["after"]) == (60, None)
    teams.leave(bob, team("web"), "ann")
    teams.rename(bob, team("web"), "www")
    teams.remove(bob, team("www"))
    assert newest().detail["before"] == {"name": "www", "members": [], "grants": []}
    assert not AuditEntry.objects.filter(outcome="refused").exists()


def test_only_who_starts_sessions_is_let_break_the_glass(user: Callable[..., User]) -> None:
    bob = user("admin", "bob")
    for role in ("viewer", "approver", "auditor", "admin"):
        with pytest.raises(Invalid, match=f"which no {role} does; give it with the role tracer"):
            teams.give(bob, Terms(role, "bob", break_glass=True))
    user("", "ann")
    made = teams.give(bob, Terms("tracer", "ann", team="default", break_glass=True))
    assert (made.break_glass, newest().detail["after"]["break_glass"]) == (True, True)
    assert not teams.give(bob, Terms("tracer", "ann", team="default")).break_glass


def test_what_is_not_permitted_changes_nothing_and_is_on_the_record(user: Callable[..., User]) -> None:
    eve = user("tracer", "eve")
    for change in (
        lambda: teams.add(eve, "web"),
        lambda: teams.rename(eve, team(), "mine"),
        lambda: teams.remove(eve, team("other")),
        lambda: teams.join(eve, team("other"), "eve"),
        lambda: teams.leave(eve, team(), "eve"),
        lambda: teams.give(eve, Terms("admin", "eve")),
        lambda: teams.alter(eve, Grant.objects.get(person=eve), Terms("admin", "eve")),
        lambda: teams.take(eve, Grant.objects.get(person=eve)),
    ):
        before = AuditEntry.objects.count()
        with pytest.raises(Forbidden):
            change()
        assert (AuditEntry.objects.count(), newest().outcome, newest().actor) == (before + 1, "refused", "eve")
    assert Grant.objects.get().role == "tracer"


def test_nobody_gives_themselves_anything_while_another_admin_is_there(user: Callable[..., User]) -> None:
    bob = user("admin", "bob")
    teams.give(bob, Terms("viewer", "bob", team="default"))
    user("admin", "ann")
    with pytest.raises(Forbidden, match="nobody widens their own rights while another admin can; ask ann"):
        teams.give(bob, Terms("viewer", "bob", risk=Risk.S3))
    with pytest.raises(Forbidden, match="nobody widens"):
        teams.join(bob, team("ops"), "bob")


def test_nobody_adds_members_to_a_team_that_holds_more_than_they_may_give(user: Callable[..., User]) -> None:
    lead, new = user("", "lead"), user("", "new")
    ours, theirs = team("ours"), team("theirs")
    grant(lead, "admin", ours, risk=Risk.S2)
    within = grant(None, "tracer", ours, holders=ours, risk=Risk.S2)
    teams.join(lead, ours, "new")
    teams.leave(lead, ours, "new")
    for more in ({"team": theirs}, {"team": None}, {"risk": Risk.S3}):
        Grant.objects.filter(pk=within.pk).update(**{"team": ours, "risk": Risk.S2, **more})
        with pytest.raises(Forbidden):
            teams.join(lead, ours, "new")
    assert not ours.members.contains(new)
    assert AuditEntry.objects.filter(action="team.change", outcome="refused").count() == 3


def test_the_last_admin_of_every_team_stays(user: Callable[..., User]) -> None:
    bob, ops = user("", "bob"), team("ops")
    ops.members.add(bob)
    grant(None, "admin", None, holders=ops)
    for change in (
        lambda: teams.take(CONSOLE_ACTOR, Grant.objects.get()),
        lambda: teams.leave(CONSOLE_ACTOR, ops, "bob"),
        lambda: teams.alter(CONSOLE_ACTOR, Grant.objects.get(), Terms("viewer", holders="ops")),
        lambda: teams.remove(CONSOLE_ACTOR, ops),
    ):
        with pytest.raises(Conflict, match="no active admin of every team would be left"):
            change()
    assert grants.admins(None) == [bob]


def test_a_team_that_owns_sessions_and_the_default_one_stay(user: Callable[..., User]) -> None:
    user("admin")
    made = traced(user("tracer")).session
    made.team = team("web")
    made.save()
    with pytest.raises(Conflict, match="still owns sessions"):
        teams.remove(CONSOLE_ACTOR, team("web"))
    with pytest.raises(Conflict, match="it stays"):
        teams.remove(CONSOLE_ACTOR, team())
    assert Team.objects.filter(name="web").exists()


@pytest.mark.parametrize(
    ("terms", "error", "words"),
    [
        (Terms("viewer"), Invalid, "for one person or for one team"),
        (Terms("viewer", "ann", "ops"), Invalid, "for one person or for one team"),
        (Terms("root", "ann"), Invalid, "there is no role 'root'"),
        (Terms("auditor", "ann", team="default"), Invalid, "an auditor reads all of it"),
        (Terms("viewer", "bob"), NotFound, "there is no user 'bob'"),
        (Terms("viewer", "ann", team="nowhere"), NotFound, "there is no team 'nowhere'"),
    ],
)
def test_a_grant_has_to_make_sense(user: Callable[..., User], terms: Terms, error: type[Exception], words: str) -> None:
    user("", "ann")
    with pytest.raises(error, match=words):
        teams.give(CONSOLE_ACTOR, terms)
    assert not Grant.objects.exists()


def test_a_team_has_its_name_alone(user: Callable[..., User]) -> None:
    teams.add(CONSOLE_ACTOR, "web")
    with pytest.raises(Conflict, match="there is a team Web already"):
        teams.add(CONSOLE_ACTOR, "Web")
    with pytest.raises(Invalid):
        teams.add(CONSOLE_ACTOR, "a b")
    assert teams.named("WEB").name == "web"


@pytest.mark.parametrize(
    ("role", "given"),
    [
        ("viewer", [("viewer", "default")]),
        ("tracer", [("tracer", "default")]),
        ("auditor", [("auditor", None)]),
        ("admin", [("admin", None), ("tracer", "default")]),
    ],
)
def test_a_new_person_begins_with(user: Callable[..., User], role: str, given: list[tuple[str, str | None]]) -> None:
    teams.begin(CONSOLE_ACTOR, user("", "ann").username, role)
    assert list(Grant.objects.values_list("role", "team__name")) == given

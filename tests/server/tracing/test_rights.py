from __future__ import annotations

import datetime
import random
from collections.abc import Callable

import pytest
from django.utils import timezone

from server.accounts.models import Risk, User
from server.accounts.policy import Action, decide
from server.fleet.models import Host
from server.tracing.models import Run, Session, Share
from server.tracing.rights import about, sessions_for, shares_with, teams_for
from tests.server.people import grant, team

TEAMS = ("default", "web", "db")


def fleet() -> list[Host]:
    labels = ({"env": "dev"}, {"env": "prod"}, {"env": "prod", "site": "a"})
    return [Host.objects.create(name=f"h{n}", certificate_serial=str(n), labels=each) for n, each in enumerate(labels)]


def some_session(dice: random.Random, owner: User, hosts: list[Host]) -> Session:
    session = Session.objects.create(
        tool="opensnoop",
        team=team(dice.choice(TEAMS)),
        risk=dice.choice(Risk.values),
        created_by=owner,
        not_after=timezone.now(),
    )
    for host in dice.sample(hosts, dice.randint(1, 3)):
        Run.objects.create(session=session, host=host)
    return session


@pytest.mark.parametrize("seed", range(6))
def test_a_list_holds_just_what_the_function_allows(user: Callable[..., User], seed: int) -> None:
    dice = random.Random(seed)
    person, owner, hosts = user("", "ann"), user("", "bob"), fleet()
    team("web").members.add(person)
    for _ in range(dice.randint(1, 4)):
        scope = dice.choice([None, *TEAMS])
        holder = {"holders": team("web")} if dice.random() < 0.3 else {}
        grant(
            None if holder else person,
            dice.choice(["viewer", "tracer", "approver", "admin"]),
            team(scope) if scope else None,
            risk=dice.choice(Risk.values),
            host_names=dice.choice([[], [], ["h1", "h2"]]),
            host_labels=dice.choice([{}, {}, {"env": "prod"}]),
            **holder,
        )
    for scope in dice.sample(TEAMS, 2):
        grant(owner, dice.choice(["viewer", "tracer", "admin"]), team(scope), risk=dice.choice(Risk.values))
    sessions = [some_session(dice, dice.choice([owner, owner, person]), hosts) for _ in range(40)]
    for session in dice.sample(sessions, 12):
        Share.objects.create(session=session, person=person, created_by=owner)
    given = {session.pk for session in sessions if decide(owner, Action.SESSION_SHARE, about(session, owner)).allowed}
    assert all(share.session_id in given for share in shares_with(person))
    assert shares_with(person).count() == Share.objects.filter(session__in=given).count()
    for action in (Action.SESSION_LIST, Action.SESSION_VIEW, Action.SESSION_EXPORT, Action.SESSION_SHARE):
        one_by_one = {session.pk for session in sessions if decide(person, action, about(session, person)).allowed}
        assert set(sessions_for(person, action).values_list("pk", flat=True)) == one_by_one


def test_a_share_holds_until_it_expires_and_for_members_too(user: Callable[..., User]) -> None:
    ann, bob = user("", "ann"), user("", "bob")
    session = some_session(random.Random(1), bob, fleet())
    may = grant(bob, "tracer", session.team)
    team("ops").members.add(ann)
    share = Share.objects.create(session=session, team=team("ops"), created_by=bob)
    assert list(shares_with(ann)) == [share]
    assert list(shares_with(bob)) == []
    may.delete()
    assert list(shares_with(ann)) == [], "who gave it may no longer share the session"
    grant(bob, "tracer", session.team)
    assert list(shares_with(ann)) == [share]
    Share.objects.update(expires_at=timezone.now() - datetime.timedelta(seconds=1))
    assert list(shares_with(ann)) == []


def test_news_are_of_the_teams_one_may_know_of_and_of_what_is_shared(user: Callable[..., User]) -> None:
    ann, bob = user("", "ann"), user("", "bob")
    assert teams_for(ann) == frozenset()
    grant(ann, "viewer", team("web"))
    assert teams_for(ann) == {team("web").pk}
    session = some_session(random.Random(1), bob, fleet())
    grant(bob, "tracer", session.team)
    Share.objects.create(session=session, person=ann, created_by=bob)
    assert teams_for(ann) == {team("web").pk, session.team_id}

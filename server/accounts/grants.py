"""What a person holds, and which hosts, classes and bounds a grant reaches. Facts alone; `policy.decide` decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from django.db.models import Q

from server.accounts.models import Grant, Role, Team, User
from server.accounts.roles import ADMIN_READS, Rule

_NAMED = 3


class Place(Protocol):
    """A host, as far as grants select hosts: by labels that an admin gave it, not by those that it tells itself."""

    @property
    def name(self) -> str: ...
    @property
    def labels(self) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of one session. 0: nothing asked for; None: no bound."""

    seconds: int | None = None
    rows: int | None = None
    budget_permille: int | None = None
    hosts: int | None = None


BOUNDS = {
    "seconds": ("max_seconds", "{} s"),
    "rows": ("max_rows", "{} rows"),
    "budget_permille": ("max_budget_permille", "{} permille of the host's CPU"),
    "hosts": ("max_hosts", "{} hosts"),
}


def held(user: User) -> list[Grant]:
    """The person's own and those of their teams."""
    mine = Q(person=user) | Q(holders__in=Team.objects.filter(members=user))
    return list(Grant.objects.filter(mine).select_related("team"))


def roles(user: User) -> set[str]:
    """That the person has anywhere."""
    return {grant.role for grant in held(user)}


def in_team(grant: Grant, team: Team | None) -> bool:
    """Whether it counts there; without a team every grant does."""
    return team is None or grant.team_id in (None, team.pk)


def covers(grant: Grant, place: Place) -> bool:
    """One of the grant's names, and all of its labels."""
    named = not grant.host_names or place.name in grant.host_names
    return named and grant.host_labels.items() <= place.labels.items()


def cover_all(reaching: Iterable[Grant], rule: Rule, team: int | None, risk: int, places: Iterable[Place]) -> bool:
    """Whether each place has one of these grants that counts for the team and class; without places, any does."""
    here = [grant for grant in reaching if grant.team_id in (None, team) and highest(grant, rule) >= risk]
    return bool(here) and all(any(covers(grant, place) for grant in here) for place in places)


def every_host(grant: Grant) -> bool:
    return not grant.host_names and not grant.host_labels


def highest(grant: Grant, rule: Rule) -> int:
    """The highest class that the grant reaches under this rule."""
    return min(grant.risk, ADMIN_READS) if rule.content and grant.role == Role.ADMIN else grant.risk


def exceeded(grant: Grant, asked: Bounds) -> list[str]:
    """What is asked for beyond the grant's bounds, in words."""
    found = []
    for name, (field, words) in BOUNDS.items():
        wanted, most = getattr(asked, name), getattr(grant, field)
        if most is not None and wanted is not None and (wanted > most or wanted == 0):
            shown = words.format(wanted) if wanted else "no limit"
            found.append(f"{shown} asked for, {words.format(most)} granted")
    return found


def loosest(grants: Iterable[Grant]) -> Bounds:
    """Of each bound the largest among these grants; None where one of them has none."""
    every = list(grants)
    values = {name: [getattr(grant, field) for grant in every] for name, (field, _) in BOUNDS.items()}
    return Bounds(**{name: None if None in found else max(found, default=None) for name, found in values.items()})


def within(given: Grant, giver: Grant) -> bool:
    """Whether an admin's grant reaches all that another one would give."""
    names = not giver.host_names or (bool(given.host_names) and set(given.host_names) <= set(giver.host_names))
    labels = giver.host_labels.items() <= given.host_labels.items()
    return giver.team_id in (None, given.team_id) and names and labels and given.risk <= giver.risk


def admins(team: Team | None) -> list[User]:
    """Active people who can give rights there; without a team, everywhere. By name."""
    scope = Q(team=None) | Q(team=team) if team else Q(team=None)
    found = Grant.objects.filter(scope, role=Role.ADMIN)
    teams = found.exclude(holders=None).values("holders")
    people = Q(pk__in=found.exclude(person=None).values("person")) | Q(teams__in=teams)
    return list(User.objects.filter(people, is_active=True).distinct().order_by("username"))


def whom_to_ask(actor: User, team: Team | None) -> str:
    """Who can give what is missing, as the end of a sentence."""
    names = [user.username for user in admins(team)]
    others = [name for name in names if name != actor.username]
    if others:
        more = " or another admin" if len(others) > _NAMED else ""
        return f"ask {' or '.join(others[:_NAMED])}{more}"
    return "you can grant it under Teams" if names else "`python -m server grant` on the server gives it"

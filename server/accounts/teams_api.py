"""Teams, their members and grants over HTTP."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import ConfigDict, Field

from server.accounts import grants, teams
from server.accounts.auth import person
from server.accounts.grants import Bounds
from server.accounts.models import Grant, Team, User
from server.accounts.policy import About, Action, decide, require
from server.accounts.schemas import Name, RiskName, RoleName
from server.errors import Forbidden, NotFound

router = Router(tags=["teams"])
grants_router = Router(tags=["teams"])

HostName = Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[^\x00-\x1f]*$")]
Label = Annotated[str, Field(max_length=256, pattern=r"^[^\x00-\x1f]*$")]
Most = Annotated[int, Field(ge=1, le=2**31 - 1)]


class TeamOut(Schema):
    """`may_change`: its members and what is granted there, by who asks."""

    name: str
    members: list[str]
    may_change: bool


class TeamName(Schema):
    model_config = ConfigDict(extra="forbid")

    name: Name


class GrantIn(Schema):
    """For one `person`, or for the members of the team `holders`. Without a `team`: for every team.

    Without names and labels: on every host; else a host needs one of the names and all labels. null: no bound.
    `break_glass`: also without the agreement that a start needs, to be reviewed afterwards; for a tracer.
    """

    model_config = ConfigDict(extra="forbid")

    person: Annotated[str, Field(max_length=64)] | None = None
    holders: Annotated[str, Field(max_length=64)] | None = None
    role: RoleName
    team: Annotated[str, Field(max_length=64)] | None = None
    host_names: Annotated[list[HostName], Field(max_length=1000)] = []
    host_labels: Annotated[dict[Label, Label], Field(max_length=64)] = {}
    risk: RiskName = "s2"
    max_seconds: Most | None = None
    max_rows: Annotated[int, Field(ge=1, le=2**63 - 1)] | None = None
    max_budget_permille: Most | None = None
    max_hosts: Most | None = None
    break_glass: bool = False


class GrantOut(GrantIn):
    """`issuer`: the OpenID provider whose groups give it, anew at each sign-in; null: it was made here."""

    id: int
    issuer: str | None


@router.get("", response=list[TeamOut])
def list_teams(request: HttpRequest) -> list[dict[str, Any]]:
    """Those of which the person is a member, where anything is granted to them, and all to who administers all."""
    actor = person(request)
    require(actor, Action.TEAM_VIEW)
    return [_team_out(actor, team) for team in _known(actor).prefetch_related("members")]


@router.post("", response={201: TeamOut})
def add_team(request: HttpRequest, body: TeamName) -> Status[dict[str, Any]]:
    actor = person(request)
    return Status(201, _team_out(actor, teams.add(actor, body.name)))


@router.patch("/{team}", response=TeamOut)
def rename_team(request: HttpRequest, team: str, body: TeamName) -> dict[str, Any]:
    actor = person(request)
    found = team_named(actor, team, Action.TEAM_CHANGE)
    teams.rename(actor, found, body.name)
    return _team_out(actor, found)


@router.delete("/{team}", response={204: None})
def remove_team(request: HttpRequest, team: str) -> Status[None]:
    """Only one that owns no sessions; what is granted to it and there goes with it."""
    actor = person(request)
    teams.remove(actor, team_named(actor, team, Action.TEAM_ADD))
    return Status(204, None)


@router.put("/{team}/members/{username}", response=TeamOut)
def join_team(request: HttpRequest, team: str, username: str) -> dict[str, Any]:
    """Members get what is granted to the team."""
    actor = person(request)
    found = team_named(actor, team, Action.TEAM_CHANGE)
    teams.join(actor, found, username)
    return _team_out(actor, found)


@router.delete("/{team}/members/{username}", response=TeamOut)
def leave_team(request: HttpRequest, team: str, username: str) -> dict[str, Any]:
    actor = person(request)
    found = team_named(actor, team, Action.TEAM_CHANGE)
    teams.leave(actor, found, username)
    return _team_out(actor, found)


@grants_router.get("", response=list[GrantOut])
def list_grants(request: HttpRequest) -> list[dict[str, Any]]:
    """The person's own, and those that they may change in the browser."""
    actor = person(request)
    require(actor, Action.TEAM_VIEW)
    mine = {grant.pk for grant in grants.held(actor)}
    every = Grant.objects.select_related("person", "holders", "team", "identity")
    return [_grant_out(grant) for grant in every if grant.pk in mine or _may_see(actor, grant)]


@grants_router.post("", response={201: GrantOut})
def add_grant(request: HttpRequest, body: GrantIn) -> Status[dict[str, Any]]:
    return Status(201, _grant_out(teams.give(person(request), _terms(body))))


@grants_router.put("/{number}", response=GrantOut)
def change_grant(request: HttpRequest, number: int, body: GrantIn) -> dict[str, Any]:
    return _grant_out(teams.alter(person(request), teams.grant_by(number), _terms(body)))


@grants_router.delete("/{number}", response={204: None})
def remove_grant(request: HttpRequest, number: int) -> Status[None]:
    teams.take(person(request), teams.grant_by(number))
    return Status(204, None)


def _known(actor: User) -> QuerySet[Team]:
    held = grants.held(actor)
    if any(grant.team_id is None for grant in held):
        return Team.objects.all()
    return Team.objects.filter(Q(pk__in=[grant.team_id for grant in held]) | Q(members=actor)).distinct()


def team_named(actor: User, name: str, action: Action) -> Team:
    """Raises NotFound, also for a team of which the person may not know; what they wanted is on the record then."""
    require(actor, Action.TEAM_VIEW)
    try:
        return teams.named(name, _known(actor))
    except NotFound:
        if (hidden := Team.objects.filter(name__iexact=name).first()) is not None:
            with suppress(Forbidden):
                require(actor, action, About(team=hidden), detail={"team": hidden.name})
        raise


def _may_see(actor: User, grant: Grant) -> bool:
    return decide(actor, Action.GRANT_VIEW, About(team=grant.team, grant=grant)).allowed


def _team_out(actor: User, team: Team) -> dict[str, Any]:
    return {**teams.team_facts(team), "may_change": decide(actor, Action.TEAM_CHANGE, About(team=team)).allowed}


def _grant_out(grant: Grant) -> dict[str, Any]:
    return {"id": grant.pk, **teams.facts(grant)}


def _terms(body: GrantIn) -> teams.Terms:
    return teams.Terms(
        body.role,
        body.person or "",
        body.holders or "",
        body.team or "",
        body.host_names,
        body.host_labels,
        int(body.risk[1]),
        Bounds(body.max_seconds, body.max_rows, body.max_budget_permille, body.max_hosts),
        body.break_glass,
    )

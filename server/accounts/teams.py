"""Teams, their members, and grants: every change is decided, checked and on the record with before and after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, QuerySet

from server import nudge
from server.accounts import grants
from server.accounts.credentials import Identity
from server.accounts.grants import BOUNDS, Bounds
from server.accounts.models import DEFAULT_TEAM, Grant, Risk, Role, Team, User, default_team
from server.accounts.names import check_name
from server.accounts.policy import CONSOLE_ACTOR, About, Action, Actor, require
from server.audit.record import record
from server.errors import Conflict, Invalid, NotFound


@dataclass(frozen=True, slots=True)
class Terms:
    """A grant as a person writes it. One of `person` and `holders`, a team, holds it; no `team`: for every team."""

    role: str
    person: str = ""
    holders: str = ""
    team: str = ""
    host_names: list[str] = field(default_factory=list)
    host_labels: Mapping[str, str] = field(default_factory=dict)
    risk: int = Risk.S2
    bounds: Bounds = field(default_factory=Bounds)
    break_glass: bool = False


def named(name: str, among: QuerySet[Team] | None = None) -> Team:
    """Raises NotFound."""
    every = Team.objects.all() if among is None else among
    team = every.filter(name__iexact=name).first()
    if team is None:
        raise NotFound(f"there is no team {name[:64]!r}; `python -m server team list` lists them", field="team")
    return team


def add(actor: Actor, name: str) -> Team:
    """Raises Forbidden, Invalid or Conflict."""
    require(actor, Action.TEAM_ADD, detail={"team": name})
    check_name(name, "a team's name")
    with _on_record(actor, Action.TEAM_ADD, {"team": name}), _taken_once(name):
        return Team.objects.create(name=name)


def rename(actor: Actor, team: Team, new: str) -> None:
    """Raises Forbidden, Invalid or Conflict."""
    facts = {"team": team.name, "before": {"name": team.name}, "after": {"name": new}}
    require(actor, Action.TEAM_CHANGE, About(team=team), detail=facts)
    check_name(new, "a team's name")
    with _on_record(actor, Action.TEAM_CHANGE, facts), _taken_once(new):
        team.name = new
        team.save(update_fields=["name"])


def remove(actor: Actor, team: Team) -> None:
    """With all that is granted to it and there. Raises Forbidden, or Conflict while it owns sessions."""
    before = {**team_facts(team), "grants": [facts(grant) for grant in [*team.grants.all(), *team.held.all()]]}
    require(actor, Action.TEAM_ADD, detail={"team": team.name, "before": before})
    if team.name == DEFAULT_TEAM:
        raise Conflict(f"the team {DEFAULT_TEAM} owns what nobody named a team for; it stays")
    try:
        with _on_record(actor, Action.TEAM_CHANGE, {"team": team.name, "before": before, "after": None}):
            team.delete()
    except ProtectedError as error:
        kept = {str(kept._meta.verbose_name) for kept in error.protected_objects}
        if "request" in kept:
            raise Conflict(
                f"a session of the team {team.name} that nobody agreed to still has to be reviewed; review it first"
            ) from error
        raise Conflict(f"the team {team.name} still owns sessions; delete them first") from error


def join(actor: Actor, team: Team, username: str) -> None:
    """Raises Forbidden or NotFound."""
    _change_members(actor, team, username, member=True)


def leave(actor: Actor, team: Team, username: str) -> None:
    """Raises Forbidden, NotFound or Conflict."""
    _change_members(actor, team, username, member=False)


def give(actor: Actor, terms: Terms, identity: Identity | None = None) -> Grant:
    """`identity`: of whom an OpenID provider vouches for it. Raises Forbidden, NotFound or Invalid."""
    require(actor, Action.GRANT_CHANGE)  # before anybody is told who there is
    grant = _grant(terms)
    grant.identity = identity
    after = facts(grant)
    require(actor, Action.GRANT_CHANGE, _about(grant), detail={"before": None, "after": after})
    with _on_record(actor, Action.GRANT_CHANGE, {"before": None, "after": after}):
        grant.save()
    return grant


def alter(actor: Actor, grant: Grant, terms: Terms) -> Grant:
    """Raises Forbidden, NotFound, Invalid or Conflict."""
    require(actor, Action.GRANT_CHANGE, About(team=grant.team), detail={"grant": grant.pk})
    if grant.identity is not None:
        raise Conflict(
            f"{grant.identity.issuer} gave this by its groups and would give it again as it was; change the groups "
            "there, or make a grant of its own here"
        )
    changed = _grant(terms)
    detail = {"grant": grant.pk, "before": facts(grant), "after": facts(changed)}
    for part in (grant, changed):
        require(actor, Action.GRANT_CHANGE, _about(part), detail=detail)
    changed.pk, changed.created_at = grant.pk, grant.created_at
    with _on_record(actor, Action.GRANT_CHANGE, detail):
        changed.save()
    return changed


def take(actor: Actor, grant: Grant) -> None:
    """Raises Forbidden or Conflict."""
    detail = {"grant": grant.pk, "before": facts(grant), "after": None}
    require(actor, Action.GRANT_CHANGE, About(team=grant.team, grant=grant), detail=detail)
    with _on_record(actor, Action.GRANT_CHANGE, detail):
        grant.delete()


def grant_by(number: int) -> Grant:
    """Raises NotFound."""
    found = Grant.objects.select_related("person", "holders", "team", "identity").filter(pk=number).first()
    if found is None:
        raise NotFound(f"there is no grant {number}; `python -m server grant list` lists them")
    return found


def begin(actor: Actor, username: str, role: str) -> None:
    """Give a new person what the role means to begin with. Raises Forbidden, NotFound or Invalid."""
    for terms in _beginning(username, role):
        give(actor, terms)


def follow(identity: Identity, role: str) -> None:
    """Give and take until what the provider gives to this person is what the role means; empty: nothing.

    What people gave here stays as it is. Raises Conflict if the last admin of every team would go.
    """
    with transaction.atomic():
        Identity.objects.select_for_update().get(pk=identity.pk)  # two sign-ins at once give once
        surplus = list(identity.grants.select_related("person", "holders", "team", "identity"))
        for terms in _beginning(identity.user.username, role) if role else []:
            wanted = {**facts(_grant(terms)), "issuer": identity.issuer}
            if had := next((grant for grant in surplus if facts(grant) == wanted), None):
                surplus.remove(had)
            else:
                give(CONSOLE_ACTOR, terms, identity)  # whoever runs the server wrote which group means what
        for grant in surplus:
            take(CONSOLE_ACTOR, grant)


def _beginning(username: str, role: str) -> list[Terms]:
    """The role in the default team, to read or start up to S2 and to agree to any class, which shows no rows; an admin
    administers everything and traces for that team."""
    if role == Role.AUDITOR:
        return [Terms(role, username)]
    if role == Role.ADMIN:
        admin = Terms(role, username, risk=Risk.S3)
        return [admin, Terms(Role.TRACER, username, team=DEFAULT_TEAM, risk=Risk.S3)]
    return [Terms(role, username, team=DEFAULT_TEAM, risk=Risk.S3 if role == Role.APPROVER else Risk.S2)]


@contextmanager
def an_admin_stays() -> Iterator[None]:
    """In a transaction, which comes to nothing if the last admin of every team would go. Raises Conflict."""
    had = bool(grants.admins(None))
    yield
    if had and not grants.admins(None):
        raise Conflict("then no active admin of every team would be left; make another one first")


def facts(grant: Grant) -> dict[str, Any]:
    """A grant for the audit and the API. No team: for every team."""
    return {
        "person": grant.person.username if grant.person else None,
        "holders": grant.holders.name if grant.holders else None,
        "role": str(grant.role),
        "team": grant.team.name if grant.team else None,
        "host_names": grant.host_names,
        "host_labels": grant.host_labels,
        "risk": f"s{grant.risk}",
        "break_glass": grant.break_glass,
        **{field: getattr(grant, field) for field, _ in BOUNDS.values()},
        "issuer": grant.identity.issuer if grant.identity else None,
    }


def team_facts(team: Team) -> dict[str, Any]:
    return {"name": team.name, "members": sorted(team.members.values_list("username", flat=True))}


def _change_members(actor: Actor, team: Team, username: str, *, member: bool) -> None:
    """Who joins gets what the team holds: only who may give all of that may add anybody."""
    before = team_facts(team)
    detail = {"team": team.name, "user": username, "member": member}
    require(actor, Action.TEAM_CHANGE, About(team=team), detail=detail)
    person = _person(username)
    if member:
        benefits = frozenset({person.pk})
        require(actor, Action.TEAM_CHANGE, About(team=team, benefits=benefits), detail=detail)
        for held in team.held.select_related("team"):
            about = About(team=held.team, grant=held, benefits=benefits)
            require(actor, Action.TEAM_CHANGE, about, detail={**detail, "grant": held.pk})
    facts_now = {**detail, "before": before}
    with _on_record(actor, Action.TEAM_CHANGE, facts_now):
        (team.members.add if member else team.members.remove)(person)
        facts_now["after"] = team_facts(team)


def _about(grant: Grant) -> About:
    people = {grant.person_id} if grant.holders is None else set(grant.holders.members.values_list("pk", flat=True))
    return About(team=grant.team, grant=grant, benefits=frozenset(pk for pk in people if pk is not None))


def _grant(terms: Terms) -> Grant:
    if bool(terms.person) == bool(terms.holders):
        raise Invalid("a grant is for one person or for one team; name one of them", field="person")
    if terms.role not in Role.values:
        raise Invalid(f"there is no role {terms.role!r}; there are {', '.join(Role.values)}", field="role")
    if terms.role == Role.AUDITOR and (terms.team or terms.host_names or terms.host_labels):
        raise Invalid("the audit is one chain: an auditor reads all of it; leave out team and hosts", field="role")
    if terms.break_glass and terms.role != Role.TRACER:
        raise Invalid(
            f"who breaks the glass starts a session, which no {terms.role} does; give it with the role tracer",
            field="break_glass",
        )
    return Grant(
        person=_person(terms.person) if terms.person else None,
        holders=named(terms.holders) if terms.holders else None,
        role=terms.role,
        team=_scope(terms.team),
        host_names=sorted(set(terms.host_names)),
        host_labels=dict(terms.host_labels),
        risk=terms.risk,
        break_glass=terms.break_glass,
        **{field: getattr(terms.bounds, name) for name, (field, _) in BOUNDS.items()},
    )


def _scope(name: str) -> Team | None:
    if name == DEFAULT_TEAM:
        default_team()
    return named(name) if name else None


def _person(username: str) -> User:
    user = User.objects.filter(username__iexact=username).first()
    if user is None:
        raise NotFound(f"there is no user {username[:64]!r}; `python -m server user list` lists them", field="person")
    return user


@contextmanager
def _on_record(actor: Actor, action: Action, detail: Mapping[str, Any]) -> Iterator[None]:
    """A transaction; sockets look again when it has come true. ``detail`` may be filled inside."""
    with transaction.atomic():
        with an_admin_stays():
            yield
        record(action, str(getattr(actor, "username", "")), detail=detail)
        nudge.access_changed()


@contextmanager
def _taken_once(name: str) -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
    except IntegrityError:
        raise Conflict(
            f"there is a team {name} already, and case tells no names apart; choose another name", field="name"
        ) from None

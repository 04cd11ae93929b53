"""May this person do this? The one function that every entry path asks: HTTP, WebSocket, API token, command."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import AnonymousUser

from server.accounts import grants
from server.accounts.grants import Bounds, Place
from server.accounts.models import ApiToken, Grant, Risk, Scope, Team, User
from server.accounts.roles import ANYBODY, CONSOLE, LINKED, RULES, SCOPES, Action, Rule
from server.audit.record import record
from server.errors import Forbidden

__all__ = ["CONSOLE_ACTOR", "NOTHING", "About", "Action", "Actor", "Bounds", "Decision", "decide", "reach", "require"]

_LISTED = 10


@dataclass(frozen=True, slots=True)
class Console:
    """Whoever may run commands on the server itself."""

    username: str = "server console"


CONSOLE_ACTOR = Console()
Actor = User | AnonymousUser | Console | None


@dataclass(frozen=True, slots=True)
class About:
    """What an action is about. Of several hosts each has to be granted."""

    team: Team | None = None
    hosts: Sequence[Place] = ()
    risk: int = Risk.S0
    what: str = "it"  # of the class `risk`, for the refusal
    asked: Bounds = field(default_factory=Bounds)
    created_by: int | None = None
    shared: bool = False  # with the actor, by somebody who may share it
    link: bool = False  # it is to be shared with whoever has an address
    grant: Grant | None = None  # that is given, changed or taken away
    benefits: frozenset[int] = frozenset()  # people whose rights would grow


NOTHING = About()


@dataclass(frozen=True, slots=True)
class Decision:
    allowed: bool
    reason: str = ""


YES = Decision(allowed=True)


def _no(reason: str) -> Decision:
    return Decision(allowed=False, reason=reason)


def decide(actor: Actor, action: Action, about: About = NOTHING) -> Decision:
    """A refusal says what is missing and who can give it."""
    if isinstance(actor, Console):
        return YES if action in CONSOLE else _no(f"{action} is for people, not for the server's console")
    if not isinstance(actor, User) or not actor.is_active:
        return _no("sign in first")
    if beyond := _beyond_token(actor.token, action, about):
        return _no(beyond)
    if action in ANYBODY:
        return YES
    problem = _problem(actor, action, about)
    return _no(f"{problem}; {grants.whom_to_ask(actor, about.team)}") if problem else YES


def reach(actor: Actor, action: Action, *, own: bool = False) -> list[Grant]:
    """The grants by which the actor may do it to what is not theirs; for lists, which `decide` is too slow for.

    ``own``: to what is theirs.
    """
    if not isinstance(actor, User) or not actor.is_active:
        return []
    rule = RULES[action]
    held = _within_token(actor.token, action, grants.held(actor))
    roles = rule.roles | rule.own if own else rule.roles
    return [grant for grant in held if grant.role in roles and _counts(grant, rule)]


def require(
    actor: Actor,
    action: Action,
    about: About = NOTHING,
    *,
    tool: str = "",
    hosts: Iterable[str] = (),
    session: uuid.UUID | None = None,
    reason: str = "",
    detail: dict[str, Any] | None = None,
) -> None:
    """Raises Forbidden after auditing the refusal. Not to be called in a transaction, which would undo that."""
    decision = decide(actor, action, about)
    if decision.allowed:
        return
    name = actor.username if isinstance(actor, User | Console) else "anonymous"
    facts = {**(detail or {}), "refusal": decision.reason}
    record(action, name, "refused", tool=tool, hosts=hosts, session=session, reason=reason, detail=facts)
    raise Forbidden(decision.reason)


def _beyond_token(token: ApiToken | None, action: Action, about: About) -> str:
    """What the token by which the person came in is not good for; empty: nothing."""
    if token is None:
        return ""
    if action not in SCOPES[Scope(token.scope)]:
        problem = f"{action} is beyond the scope {token.scope} of the API token {token.name!r}"
    elif about.risk > token.risk:
        problem = (
            f"{action}: {about.what} is of class S{about.risk}, the API token {token.name!r} goes up to S{token.risk}"
        )
    else:
        return ""
    apart = action in SCOPES[Scope.PEOPLE] - SCOPES[Scope.ALL]
    further = f"of the scope {Scope.PEOPLE}" if apart else "that reaches further"
    return f"{problem}; do it in the browser, or with a token {further}"


def _within_token(token: ApiToken | None, action: Action, held: list[Grant]) -> list[Grant]:
    """The grants as far as that token reaches."""
    if token is None:
        return held
    if action not in SCOPES[Scope(token.scope)]:
        return []
    for grant in held:
        grant.risk = min(grant.risk, token.risk)
    return held


def _problem(actor: User, action: Action, about: About) -> str:
    """What is missing; empty: nothing."""
    rule, held = RULES[action], grants.held(actor)
    if rule.not_own and about.created_by == actor.pk:
        return f"{action} is for another person than who asked"
    if actor.pk in about.benefits and len(grants.admins(about.team)) > 1:
        return f"{action}: nobody widens their own rights while another admin can"
    if about.link and about.risk > LINKED:
        return f"{action}: {about.what} is of class S{about.risk}, which no link opens: share it by name"
    reaching = [grant for grant in held if _reaches(grant, rule, actor, about)]
    if not reaching:
        return _no_role(action, rule, held, about)
    if about.grant is not None and not any(grants.within(about.grant, grant) for grant in reaching):
        return f"{action}: nobody gives or takes more than they may: other hosts, another team or a higher class"
    return _not_there(action, rule, reaching, about)


def _counts(grant: Grant, rule: Rule) -> bool:
    return (grant.team_id is None or not rule.everywhere) and (grant.break_glass or not rule.glass)


def _reaches(grant: Grant, rule: Rule, actor: User, about: About) -> bool:
    role = grant.role in rule.roles or (grant.role in rule.own and about.created_by == actor.pk)
    return role and _counts(grant, rule) and (grants.in_team(grant, about.team) or (rule.shared and about.shared))


def _no_role(action: Action, rule: Rule, held: list[Grant], about: About) -> str:
    there = [grant for grant in held if grants.in_team(grant, about.team)]
    where = " for every team" if rule.everywhere else f" in team {about.team}" if about.team else ""
    if any(grant.role in rule.own for grant in there):
        return f"{action} of another person's session needs the role {_roles(rule.roles)}{where}"
    if rule.glass and any(grant.role in rule.roles for grant in there):
        return f"{action} needs a grant as {_roles(rule.roles)}{where} that may break the glass, yours may not"
    mine = _roles(grant.role for grant in there) if there else "none"
    return f"{action} needs the role {_roles(rule.roles | rule.own)}{where}, yours is {mine}"


def _not_there(action: Action, rule: Rule, reaching: list[Grant], about: About) -> str:
    """Hosts with the same trouble are named together."""
    troubles: dict[str, list[str]] = {}
    for place in about.hosts or (None,):
        if trouble := _trouble(rule, reaching, about, place):
            troubles.setdefault(trouble, []).append(place.name if place else "")
    words = [f"{_on(names)}{trouble}" for trouble, names in troubles.items()]
    return f"{action}{'; '.join(words)}" if words else ""


def _trouble(rule: Rule, reaching: list[Grant], about: About, place: Place | None) -> str:
    here = reaching if place is None else [grant for grant in reaching if grants.covers(grant, place)]
    if not here:
        return ": your grants select other hosts"
    classed = [grant for grant in here if grants.highest(grant, rule) >= about.risk]
    if not classed:
        most = max(grants.highest(grant, rule) for grant in here)
        return f": {about.what} is of class S{about.risk}, your grants go up to S{most}"
    beyond = [grants.exceeded(grant, about.asked) for grant in classed]
    return "" if [] in beyond else f": {', '.join(sorted(beyond, key=len)[0])}"


def _on(names: list[str]) -> str:
    if names == [""]:
        return ""
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f" on {', '.join(names[:_LISTED])}{more}"


def _roles(roles: Iterable[str]) -> str:
    return " or ".join(sorted(str(role) for role in set(roles)))

"""What a person may start: for which team, of which class, on which hosts and within which bounds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from proto.v1.agent_pb2 import RunLimits
from server.accounts import grants
from server.accounts.grants import Bounds
from server.accounts.models import Grant, Team, User
from server.accounts.policy import About, Action, decide, reach
from server.accounts.roles import RULES
from server.accounts.schemas import starts_for
from server.errors import Invalid
from server.fleet.models import Host

_RULE = RULES[Action.SESSION_START]
# Of the grants' bounds, the limit of a run that each one is of, and how many of its units make one of the bound's.
_LIMITS = {"seconds": ("duration_ms", 1000), "rows": ("rows", 1), "budget_permille": ("budget_permille", 1)}


@dataclass(frozen=True, slots=True)
class Allowance:
    """On one host. ``risk`` is the highest class, None when there is no right at all. ``break_glass``: also alone."""

    host: str
    allowed: bool
    reason: str
    risk: int | None
    bounds: Bounds
    break_glass: bool


def team_for(user: User, name: str) -> Team:
    """The named one, or the only one for which the person may start sessions. Raises Invalid."""
    names = starts_for(user)
    wanted = [known for known in names if known.lower() == name.lower()] if name else names
    if len(wanted) == 1:
        return Team.objects.get(name=wanted[0])
    if name:
        raise Invalid(f"you start no sessions for a team {name[:64]!r}; you do for {', '.join(names)}", field="team")
    raise Invalid(f"say for which team: {', '.join(names)}", field="team")


def fit(limits: RunLimits, given: Mapping[str, int], user: User, about: About) -> RunLimits:
    """What nobody asked for is cut down to what is granted; what was asked for stays, to be refused by name."""
    reaching = _reaching(user, about.team)
    bounds = [_bounds(reaching, about, host) for host in about.hosts]
    for name, (field, scale) in _LIMITS.items():
        most = min((bound for found in bounds if (bound := getattr(found, name)) is not None), default=None)
        default = getattr(limits, field)
        if most is not None and field not in given and (not default or default > most * scale):
            setattr(limits, field, most * scale)
    return limits


def asked(limits: RunLimits, hosts: int) -> Bounds:
    return Bounds(math.ceil(limits.duration_ms / 1000), limits.rows, limits.budget_permille, hosts)


def allowances(user: User, team: Team | None, what: str, risk: int, hosts: Sequence[Host]) -> list[Allowance]:
    """Of each host by itself, without anything asked for beyond the class and the number of hosts."""
    number, reaching = Bounds(hosts=len(hosts)), _reaching(user, team)
    return [
        _allowance(user, reaching, About(team=team, hosts=[host], risk=risk, what=what, asked=number), host)
        for host in hosts
    ]


def allowance_out(found: Allowance) -> dict[str, Any]:
    return {**asdict(found), "risk": None if found.risk is None else f"s{found.risk}"}


def _allowance(user: User, reaching: list[Grant], about: About, host: Host) -> Allowance:
    decision = decide(user, Action.SESSION_START, about)
    glass = decide(user, Action.SESSION_BREAK_GLASS, about).allowed
    here = (grants.highest(grant, _RULE) for grant in reaching if grants.covers(grant, host))
    highest, bounds = max(here, default=None), _bounds(reaching, about, host)
    return Allowance(host.name, decision.allowed, decision.reason, highest, bounds, glass)


def _bounds(reaching: list[Grant], about: About, host: grants.Place) -> Bounds:
    return grants.loosest(
        [grant for grant in reaching if grants.covers(grant, host) and grants.highest(grant, _RULE) >= about.risk]
    )


def _reaching(user: User, team: Team | None) -> list[Grant]:
    return [grant for grant in reach(user, Action.SESSION_START) if grants.in_team(grant, team)]

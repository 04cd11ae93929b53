"""What may I do here? Asked by the start form before it is sent, and by people after a refusal."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from server.accounts.auth import person
from server.accounts.grants import Bounds, whom_to_ask
from server.accounts.models import Team, User
from server.accounts.policy import About, Action, decide, require
from server.accounts.schemas import starts_for
from server.catalog.tools import find
from server.consent.requests import unreviewed
from server.errors import Invalid
from server.fleet.rights import hosts_for
from server.tracing.allowance import allowance_out, allowances, team_for
from server.tracing.risk import risk_of, session_risk
from server.tracing.schemas import RiskName
from server.tracing.targets import resolve

router = Router(tags=["accounts"])


class RightsQuery(Schema):
    """`risk`: of the session, where it depends on more than the tool."""

    tool: Annotated[str, Field(min_length=1, max_length=64)]
    hosts: Annotated[list[str], Field(max_length=1000)] = []
    team: str = ""
    risk: RiskName | None = None


class BoundsOut(Schema):
    """null: no bound."""

    seconds: int | None
    rows: int | None
    budget_permille: int | None
    hosts: int | None


class HostRightsOut(Schema):
    """`risk` is the highest class there, null without any right to start. `break_glass`: without agreement too."""

    host: str
    allowed: bool
    reason: str
    risk: RiskName | None
    bounds: BoundsOut
    break_glass: bool


class RightsOut(Schema):
    """`team`: for which the session would be; empty while several could be meant, or none.

    `glass`: why it does not start without the agreement that it needs; empty: it does, to be reviewed afterwards.
    """

    allowed: bool
    reason: str
    glass: str
    teams: list[str]
    team: str
    risk: RiskName
    hosts: list[HostRightsOut]
    ask: str


@router.get("/rights", response=RightsOut, summary="What may I start, where, and why not")
def get_rights(request: HttpRequest, query: Query[RightsQuery]) -> dict[str, Any]:
    """Without hosts: on every one that the person may see."""
    actor = person(request)
    require(actor, Action.OWN_ACCOUNT)
    tool = find(query.tool).tool
    stated = int(query.risk[1]) if query.risk else None
    risk = session_risk(tool, {}) if stated is None else max(risk_of(tool.risk), stated)
    visible = hosts_for(actor)
    hosts = resolve(query.hosts, {}, visible) if query.hosts else list(visible.filter(revoked_at=None))
    team, problem = _team(actor, query.team)
    found = allowances(actor, team, tool.name, risk, hosts)
    reason = problem or next((one.reason for one in found if not one.allowed), "")
    return {
        "allowed": not reason,
        "reason": reason,
        "glass": problem or _glass(actor, About(team, hosts, risk, tool.name, Bounds(hosts=len(hosts)))),
        "teams": starts_for(actor),
        "team": team.name if team else "",
        "risk": f"s{int(risk)}",
        "hosts": [allowance_out(one) for one in found],
        "ask": whom_to_ask(actor, team),
    }


def _glass(actor: User, about: About) -> str:
    decision = decide(actor, Action.SESSION_BREAK_GLASS, about)
    return decision.reason if not decision.allowed else unreviewed(actor)


def _team(actor: User, name: str) -> tuple[Team | None, str]:
    decision = decide(actor, Action.SESSION_START)
    if not decision.allowed:
        return None, decision.reason
    try:
        return team_for(actor, name), ""
    except Invalid as error:
        return None, error.message

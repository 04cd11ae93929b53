"""Requests as `decide` sees them: one at a time, and as lists that hold just what it would allow one by one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from django.db.models import Q, QuerySet

from proto.v1.agent_pb2 import Envelope
from server.accounts import grants
from server.accounts.policy import About, Action, Actor, decide, reach, require
from server.accounts.roles import RULES
from server.consent import requests
from server.consent.models import Request
from server.errors import Forbidden, NotFound
from server.fleet.models import Host


def about(request: Request) -> About:
    hosts = Host.objects.filter(pk__in=_host_ids(request)).order_by("name")
    return About(
        team=request.team,
        hosts=list(hosts),
        risk=request.risk,
        what=request.tool,
        created_by=request.created_by_id,
    )


def permitted(actor: Actor, request_id: str, action: Action, reason: str = "") -> Request:
    """The request, if the person may do this with it; else the refusal is on the record. Raises ApiError.

    One of which the person may not even know is not told apart from one that does not exist.
    """
    require(actor, action, reason=reason)
    request = requests.find(request_id)
    asked = about(request)
    hidden = not decide(actor, Action.REQUEST_VIEW, asked).allowed
    with suppress(*[Forbidden] if hidden else []):
        require(actor, action, asked, tool=request.tool, hosts=request.hosts, session=request.pk, reason=reason)
    if hidden:
        raise NotFound(requests.missing(request_id))
    return request


def requests_for(actor: Actor, action: Action, among: QuerySet[Request]) -> Iterator[Request]:
    """Those among them of which `decide` would say yes, whoever asked."""
    rule, reaching = RULES[action], reach(actor, action)
    scope = Q(pk__in=[])
    for grant in reaching:
        classed = Q(risk__lte=grants.highest(grant, rule))
        scope = scope | (classed & Q(team=grant.team_id) if grant.team_id else classed)
    hosts = {} if all(grants.every_host(grant) for grant in reaching) else Host.objects.in_bulk()
    for request in among.filter(scope):
        places = [host for pk, host in hosts.items() if str(pk) in _host_ids(request)] if hosts else []
        if grants.cover_all(reaching, rule, request.team_id, request.risk, places):
            yield request


def _host_ids(request: Request) -> set[str]:
    return {target.host_id for target in Envelope.FromString(bytes(request.draft)).runs}

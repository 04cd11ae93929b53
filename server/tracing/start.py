"""The one door for a start: is it allowed, does it make sense, does it need the agreement of others?"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db import DatabaseError

from bpf.catalog import CatalogTool
from bpf.manifest import ParamError, parse_filters, parse_limits, parse_params
from proto.v1.agent_pb2 import Envelope, Filters, RunLimits, RunTarget
from server.accounts.models import Risk, Team, User
from server.accounts.policy import About, Action, require
from server.audit.record import record
from server.catalog.tools import find
from server.consent.rules import ApprovalNeeded, need
from server.errors import ApiError, AuditUnavailable, Forbidden, Invalid
from server.fleet.models import Host
from server.fleet.rights import hosts_for
from server.tracing.allowance import asked, fit, team_for
from server.tracing.launch import BY_HAND, Begun, launch
from server.tracing.models import Session
from server.tracing.risk import session_risk
from server.tracing.storage import require_room
from server.tracing.targets import check_ready, resolve

M = TypeVar("M", Filters, RunLimits)


@dataclass(frozen=True, slots=True)
class Order:
    """What a person asked for, in their words."""

    tool: str
    hosts: list[str] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    filters: dict[str, Any] = field(default_factory=dict)
    limits: dict[str, int] = field(default_factory=dict)
    reason: str = ""
    reveal: bool = False
    team: str = ""
    risk: int | None = None  # the most that it may reveal, where only hosts know that


@dataclass(frozen=True, slots=True)
class Checked:
    tool: CatalogTool
    team: Team
    hosts: list[Host]
    params: dict[str, str]
    filters: Filters
    limits: RunLimits
    risk: Risk


def start(user: User, order: Order, begun: Begun = BY_HAND) -> Session:
    """Raises ApiError; then nothing was started, and the refusal stands in the audit."""
    checked = allowed(user, order, unattended if begun.template else _alone)
    try:
        facts = {"asked": {"hosts": order.hosts, "labels": order.labels}}
        return launch(user, draft_of(user, order, checked), facts, begun)
    except DatabaseError as error:
        raise AuditUnavailable(f"the start could not be recorded, so nothing was started: {error}") from error


def _alone(checked: Checked) -> None:
    """Raises ApprovalNeeded."""
    found = need(checked.risk, checked.hosts)
    if found is not None:
        raise ApprovalNeeded(f"this needs approval: {found.why}; ask for it, on the command line with --request")


def unattended(checked: Checked) -> None:
    """What may start when nobody is there. Raises Forbidden or ApprovalNeeded."""
    if checked.risk > Risk.S1:
        raise Forbidden(
            f"templates start sessions of class S0 and S1 only, and this is class S{checked.risk:d}; start it yourself"
        )
    _alone(checked)


def allowed(user: User, order: Order, condition: Callable[[Checked], object], *, break_glass: bool = False) -> Checked:
    """May this person do this, can it be done, and does the condition let it? Raises ApiError, which is on record."""
    told = {
        "params": order.params,
        "filters": order.filters,
        "limits": order.limits,
        "labels": order.labels,
        "reveal": order.reveal,
        "team": order.team,
    }
    require(user, Action.SESSION_START, tool=order.tool, hosts=order.hosts, reason=order.reason, detail=told)
    with _refusal_on_record(user, order, told):
        checked = _check(user, order)
    names = [host.name for host in checked.hosts]
    about = about_start(checked.team, checked.hosts, checked.risk, order.tool, checked.limits)
    for action in actions(reveal=order.reveal, break_glass=break_glass):
        require(user, action, about, tool=order.tool, hosts=names, reason=order.reason, detail=told)
    with _refusal_on_record(user, order, told):
        condition(checked)
    return checked


def actions(*, reveal: bool, break_glass: bool = False) -> list[Action]:
    """That a start is, of which each has to be granted; the rarer one is refused first."""
    rare = {Action.SESSION_BREAK_GLASS: break_glass, Action.SESSION_REVEAL: reveal}
    return [*(action for action, wanted in rare.items() if wanted), Action.SESSION_START]


def about_start(team: Team, hosts: list[Host], risk: Risk, tool: str, limits: RunLimits) -> About:
    return About(team=team, hosts=hosts, risk=risk, what=tool, asked=asked(limits, len(hosts)))


@contextmanager
def _refusal_on_record(user: User, order: Order, told: Mapping[str, Any]) -> Iterator[None]:
    try:
        yield
    except ApiError as error:
        record(
            Action.SESSION_START,
            user.username,
            "refused",
            tool=order.tool,
            hosts=order.hosts,
            reason=order.reason,
            detail={**told, "refusal": error.message},
        )
        raise


def _check(user: User, order: Order) -> Checked:
    catalog_tool = find(order.tool)
    tool = catalog_tool.tool
    filters = filters_message(order.filters)
    try:
        values = parse_params(tool, order.params)
        parse_filters(tool, filters)
        limits = parse_limits(tool, _message(RunLimits(), order.limits, "limits"))
    except ParamError as error:
        raise Invalid(str(error), field=error.name) from error
    require_room()
    team = team_for(user, order.team)
    hosts = resolve(order.hosts, order.labels, hosts_for(user))
    check_ready(hosts, catalog_tool)
    defaults = {param.name: param.default for param in tool.params}
    params = {name: order.params.get(name) or defaults[name] for name in values}
    risk = Risk.S3 if order.reveal else session_risk(tool, values, order.risk, [host.numbers for host in hosts])
    limits = fit(limits, order.limits, user, About(team=team, hosts=hosts, risk=risk))
    return Checked(catalog_tool, team, hosts, params, filters, limits, risk)


def filters_message(values: Mapping[str, Any]) -> Filters:
    """Raises Invalid."""
    filters = _message(Filters(), {name: value for name, value in values.items() if name != "exclude"}, "filters")
    for name, excluded in values.get("exclude", {}).items():
        try:
            getattr(filters.exclude, name).extend(excluded)
        except (AttributeError, TypeError, ValueError) as error:
            raise Invalid(f"filters: {name} cannot be excluded as {excluded!r}: {error}", field=name) from error
    return filters


def _message(message: M, values: Mapping[str, int | str], what: str) -> M:
    for name, value in values.items():
        try:
            setattr(message, name, value)
        except (AttributeError, TypeError, ValueError) as error:
            raise Invalid(f"{what}: {name} cannot be {value!r}: {error}", field=name) from error
    return message


def draft_of(user: User, order: Order, checked: Checked) -> Envelope:
    """What every host will be told, with ids of its own; nothing of it is in the database yet."""
    return Envelope(
        session_id=uuid.uuid4().bytes,
        runs=[
            RunTarget(run_id=uuid.uuid4().bytes, host_id=str(host.id), host_name=host.name) for host in checked.hosts
        ],
        tool=checked.tool.tool.name,
        tool_digest=checked.tool.digest,
        params=checked.params,
        filters=checked.filters,
        limits=checked.limits,
        user=user.username,
        reason=order.reason,
        reveal=order.reveal,
        team=checked.team.name,
        risk=f"RISK_{checked.risk.name}",
    )

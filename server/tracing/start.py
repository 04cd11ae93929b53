"""The one door through which every session starts: check, record, sign, all in one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from django.db import DatabaseError, transaction
from django.utils import timezone

from bpf.catalog import CatalogTool
from bpf.manifest import ParamError, parse_filters, parse_limits, parse_params
from proto.shortform import enum_short
from proto.v1.agent_pb2 import Filters, RunLimits
from proto.v1.tool_pb2 import Kind
from server import nudge
from server.accounts.models import Risk, User
from server.accounts.policy import About, Action, require
from server.audit.record import record
from server.catalog.tools import find
from server.errors import ApiError, AuditUnavailable, Invalid
from server.fleet.models import Host
from server.fleet.rights import hosts_for
from server.tracing import envelope
from server.tracing.allowance import asked, fit, team_for
from server.tracing.classes import session_risk
from server.tracing.models import Run, Session
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
class _Checked:
    tool: CatalogTool
    about: About
    hosts: list[Host]
    params: dict[str, str]
    filters: Filters
    limits: RunLimits


def start(user: User, order: Order) -> Session:
    """Raises ApiError; then nothing was started, and the refusal stands in the audit."""
    told: dict[str, Any] = {
        "params": order.params,
        "filters": order.filters,
        "limits": order.limits,
        "labels": order.labels,
        "reveal": order.reveal,
    }
    require(user, Action.SESSION_START, tool=order.tool, hosts=order.hosts, reason=order.reason, detail=told)
    try:
        checked = _check(user, order)
    except ApiError as error:
        facts = {**told, "refusal": error.message}
        record(
            Action.SESSION_START,
            user.username,
            "refused",
            tool=order.tool,
            hosts=order.hosts,
            reason=order.reason,
            detail=facts,
        )
        raise
    names = [host.name for host in checked.hosts]
    for action in [*([Action.SESSION_REVEAL] if order.reveal else []), Action.SESSION_START]:
        require(user, action, checked.about, tool=order.tool, hosts=names, reason=order.reason, detail=told)
    try:
        return _commit(user, order, checked)
    except DatabaseError as error:
        raise AuditUnavailable(f"the start could not be recorded, so nothing was started: {error}") from error


def _check(user: User, order: Order) -> _Checked:
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
    risk = Risk.S3 if order.reveal else session_risk(tool, params, order.risk)
    about = About(team=team, hosts=hosts, risk=risk, what=tool.name)
    limits = fit(limits, order.limits, user, about)
    about = replace(about, asked=asked(limits, len(hosts)))
    return _Checked(catalog_tool, about, hosts, params, filters, limits)


def filters_message(values: Mapping[str, Any]) -> Filters:
    """Raises Invalid."""
    filters = _message(Filters(), {name: value for name, value in values.items() if name != "exclude"}, "filters")
    for name, excluded in values.get("exclude", {}).items():
        try:
            getattr(filters.exclude, name).extend(excluded)
        except (AttributeError, TypeError, ValueError) as error:
            raise Invalid(f"filters: {name} cannot be excluded as {excluded!r}: {error}", field=name) from error
    return filters


def filters_out(filters: Filters) -> dict[str, Any]:
    """What is set, the inverse of ``filters_message``."""
    found = {field.name: value for field, value in filters.ListFields() if field.name != "exclude"}
    excluded = {field.name: list(values) for field, values in filters.exclude.ListFields()}
    return {**found, "exclude": excluded} if excluded else found


def _message(message: M, values: Mapping[str, int | str], what: str) -> M:
    for name, value in values.items():
        try:
            setattr(message, name, value)
        except (AttributeError, TypeError, ValueError) as error:
            raise Invalid(f"{what}: {name} cannot be {value!r}: {error}", field=name) from error
    return message


@transaction.atomic
def _commit(user: User, order: Order, checked: _Checked) -> Session:
    session = _session(user, order, checked)
    runs = [Run(id=uuid.uuid4(), session=session, host=host) for host in checked.hosts]
    envelope.seal(session, runs, user.username, checked.filters, checked.limits)
    session.save(force_insert=True)
    Run.objects.bulk_create(runs)
    for action in [Action.SESSION_START, *([Action.SESSION_REVEAL] if session.reveal else [])]:
        record(
            action,
            user.username,
            tool=session.tool,
            hosts=[host.name for host in checked.hosts],
            session=session.id,
            reason=session.reason,
            detail=_facts(session, runs, order),
        )
    nudge.hosts(host.id for host in checked.hosts)
    nudge.session_changed(session.id)
    return session


def _session(user: User, order: Order, checked: _Checked) -> Session:
    tool = checked.tool.tool
    limits = {name.name: getattr(checked.limits, name.name) for name in RunLimits.DESCRIPTOR.fields}
    return Session(
        tool=tool.name,
        tool_digest=checked.tool.digest.hex(),
        title=tool.title[:200],
        kind=enum_short(Kind.DESCRIPTOR, tool.streams[0].kind),
        team=checked.about.team,
        risk=checked.about.risk,
        created_by=user,
        reason=order.reason,
        params=checked.params,
        filters=filters_out(checked.filters),
        limits=limits,
        reveal=order.reveal,
        not_after=timezone.now() + envelope.LIFETIME,
    )


def _facts(session: Session, runs: list[Run], order: Order) -> dict[str, Any]:
    return {
        "tool_digest": session.tool_digest,
        "params": session.params,
        "filters": session.filters,
        "limits": session.limits,
        "reveal": session.reveal,
        "team": session.team.name,
        "risk": f"s{session.risk}",
        "asked": {"hosts": order.hosts, "labels": order.labels},
        "targets": [{"run": str(run.id), "host_id": str(run.host.id), "host": run.host.name} for run in runs],
    }

"""Hosts, join tokens and switches over HTTP."""

from __future__ import annotations

import datetime
import uuid
from contextlib import suppress
from typing import Annotated, Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from server import keys, nudge
from server.accounts.auth import person
from server.accounts.models import User
from server.accounts.policy import About, Action, require
from server.audit.record import record
from server.errors import Conflict, Forbidden, NotFound
from server.fleet import joining, switch
from server.fleet.models import Host
from server.fleet.rights import hosts_for, live_runs

router = Router(tags=["hosts"])
fleet = Router(tags=["hosts"])

LabelKey = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]*$")]
LabelValue = Annotated[str, Field(max_length=256, pattern=r"^[^\x00-\x1f]*$")]
Reason = Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")]


class VerdictOut(Schema):
    state: str
    variant: str
    reason: str


class HostOut(Schema):
    id: uuid.UUID
    name: str
    state: str
    since: datetime.datetime | None
    last_seen: datetime.datetime | None
    labels: dict[str, str]
    agent_version: str
    facts: dict[str, Any]
    remote_off: bool
    audit_trouble: Annotated[str, Field(description="why it takes no head of the audit and makes no start; else empty")]
    approvals_needed: Annotated[int, Field(description="others who must sign what shows plaintext (S3) there")]
    numbers: Annotated[list[str], Field(description="FILE:pattern of calls whose numbers may be read there as S2")]
    switched_off: bool
    switch_reason: str
    verdicts: dict[str, VerdictOut]
    live_runs: int


class TokenIn(Schema):
    host_name: Annotated[str, Field(max_length=200, pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]*)?$")] = ""


_ANY_HOST = TokenIn()


class TokenOut(Schema):
    token: str
    command: str
    expires_at: datetime.datetime


class HostChange(Schema):
    labels: Annotated[dict[LabelKey, LabelValue], Field(max_length=64)]


class Switch(Schema):
    off: bool
    reason: Reason = ""


class SwitchOut(Schema):
    off: bool
    reason: str


class Revocation(Schema):
    reason: Reason = ""


@router.get("", response=list[HostOut])
def list_hosts(request: HttpRequest) -> list[dict[str, Any]]:
    actor = person(request)
    require(actor, Action.HOST_VIEW)
    live = live_runs(actor)
    return [host_out(host, live[host.pk]) for host in _shown(hosts_for(actor))]


@router.post("/token", response={201: TokenOut})
def make_token(request: HttpRequest, body: TokenIn = _ANY_HOST) -> Status[joining.NewToken]:
    actor = person(request)
    require(actor, Action.HOST_JOIN)
    try:
        return Status(201, joining.new_token(actor.username, body.host_name))
    except keys.KeysMissing as error:
        raise Conflict(str(error)) from error


@router.get("/{host}", response=HostOut)
def get_host(request: HttpRequest, host: str) -> dict[str, Any]:
    actor = person(request)
    return _out(actor, permitted_host(actor, host, Action.HOST_VIEW))


@router.patch("/{host}", response=HostOut)
def change_host(request: HttpRequest, host: str, body: HostChange) -> dict[str, Any]:
    actor = person(request)
    found = permitted_host(actor, host, Action.HOST_CHANGE)
    with transaction.atomic():
        detail = {"before": {"labels": found.labels}, "after": {"labels": body.labels}}
        found.labels = body.labels
        found.save(update_fields=["labels"])
        record(Action.HOST_CHANGE, actor.username, hosts=[found.name], detail=detail)
    nudge.fleet_changed("hosts")
    return _out(actor, found)


@router.post("/{host}/switch", response=HostOut)
def switch_host(request: HttpRequest, host: str, body: Switch) -> dict[str, Any]:
    actor = person(request)
    found = permitted_host(actor, host, Action.HOST_SWITCH, body.reason)
    switch.switch_host(actor.username, found, body.reason, off=body.off)
    return _out(actor, found)


@router.post("/{host}/revoke", response=HostOut)
def revoke_host(request: HttpRequest, host: str, body: Revocation) -> dict[str, Any]:
    actor = person(request)
    found = permitted_host(actor, host, Action.HOST_REVOKE, body.reason)
    switch.revoke(actor.username, found, body.reason)
    return _out(actor, found)


@fleet.get("/switch", response=SwitchOut)
def get_fleet_switch(request: HttpRequest) -> Any:
    require(person(request), Action.HOST_VIEW)
    return switch.fleet_switch()


@fleet.post("/switch", response=SwitchOut)
def switch_fleet(request: HttpRequest, body: Switch) -> Any:
    actor = person(request)
    require(actor, Action.FLEET_SWITCH, reason=body.reason)
    switch.switch_fleet(actor.username, body.reason, off=body.off)
    return switch.fleet_switch()


def host_out(host: Host, live: int = 0) -> dict[str, Any]:
    verdicts = {
        row.tool: VerdictOut(state=row.state, variant=row.variant, reason=row.reason) for row in host.verdicts.all()
    }
    return {
        "id": host.id,
        "name": host.name,
        "state": host.state,
        "since": host.connected_at,
        "last_seen": host.last_seen,
        "labels": host.all_labels,
        "agent_version": host.agent_version,
        "facts": host.facts,
        "remote_off": host.remote_off,
        "audit_trouble": host.audit_trouble,
        "approvals_needed": host.approvals_needed,
        "numbers": host.numbers,
        "switched_off": host.switched_off,
        "switch_reason": host.switch_reason,
        "verdicts": verdicts,
        "live_runs": live,
    }


def _out(actor: User, host: Host) -> dict[str, Any]:
    return host_out(host, live_runs(actor)[host.pk])


def _shown(hosts: QuerySet[Host]) -> QuerySet[Host]:
    return hosts.order_by("name").prefetch_related("verdicts")


def permitted_host(actor: User, name: str, action: Action, reason: str = "", **detail: Any) -> Host:
    """Raises ApiError. A host that the person may not know of is not told apart from one that does not exist."""
    require(actor, Action.HOST_VIEW)
    host = _shown(hosts_for(actor)).filter(_called(name)).first()
    if host is None:
        _record_hidden(actor, name)
        raise NotFound(f"there is no host {name[:253]!r} that you may see; `fleetscope hosts` lists those")
    require(actor, action, About(hosts=[host]), hosts=[host.name], reason=reason, detail=detail)
    return host


def _record_hidden(actor: User, name: str) -> None:
    hidden = Host.objects.filter(_called(name)).first()
    if hidden is not None:
        with suppress(Forbidden):
            require(actor, Action.HOST_VIEW, About(hosts=[hidden]), hosts=[hidden.name])


def _called(name: str) -> Q:
    try:
        return Q(id=uuid.UUID(name))
    except ValueError:
        return Q(name=name)

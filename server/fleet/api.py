"""Hosts, join tokens and switches over HTTP."""

from __future__ import annotations

import datetime
import uuid
from typing import Annotated, Any

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from server import keys, nudge
from server.accounts.auth import person
from server.accounts.policy import Action, require
from server.audit.record import record
from server.errors import Conflict, NotFound
from server.fleet import joining, switch
from server.fleet.models import Host

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
    require(person(request), Action.HOST_VIEW)
    return [host_out(host) for host in _hosts()]


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
    require(person(request), Action.HOST_VIEW)
    return host_out(find_host(host))


@router.patch("/{host}", response=HostOut)
def change_host(request: HttpRequest, host: str, body: HostChange) -> dict[str, Any]:
    actor, found = person(request), find_host(host)
    require(actor, Action.HOST_CHANGE, hosts=[found.name])
    found.labels = body.labels
    found.save(update_fields=["labels"])
    record(Action.HOST_CHANGE, actor.username, hosts=[found.name], detail={"labels": body.labels})
    nudge.fleet_changed("hosts")
    return host_out(found)


@router.post("/{host}/switch", response=HostOut)
def switch_host(request: HttpRequest, host: str, body: Switch) -> dict[str, Any]:
    actor, found = person(request), find_host(host)
    require(actor, Action.HOST_SWITCH, hosts=[found.name], reason=body.reason)
    switch.switch_host(actor.username, found, body.reason, off=body.off)
    return host_out(found)


@router.post("/{host}/revoke", response=HostOut)
def revoke_host(request: HttpRequest, host: str, body: Revocation) -> dict[str, Any]:
    actor, found = person(request), find_host(host)
    require(actor, Action.HOST_REVOKE, hosts=[found.name], reason=body.reason)
    switch.revoke(actor.username, found, body.reason)
    return host_out(found)


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


def host_out(host: Host) -> dict[str, Any]:
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
        "switched_off": host.switched_off,
        "switch_reason": host.switch_reason,
        "verdicts": verdicts,
        "live_runs": getattr(host, "live_runs", 0),
    }


def _hosts() -> QuerySet[Host]:
    live = Count("runs", filter=~Q(runs__state__in=["ended", "refused"]))
    return Host.objects.annotate(live_runs=live).order_by("name").prefetch_related("verdicts")


def find_host(name: str) -> Host:
    try:
        wanted = Q(id=uuid.UUID(name))
    except ValueError:
        wanted = Q(name=name)
    host = _hosts().filter(wanted).first()
    if host is None:
        raise NotFound(f"there is no host {name[:253]!r}; `fleetscope hosts` lists them")
    return host

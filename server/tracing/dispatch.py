"""Desired state on its way to hosts: what the database says that a connected host has not been told yet.

A start is marked as sent before it leaves, so it leaves at most once; stops and watches may repeat.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from proto.v1.agent_pb2 import SignedEnvelope
from proto.v1.stream_pb2 import EndCause
from server.audit import proofs
from server.fleet.models import FleetSwitch, Host
from server.fleet.switch import fleet_switch, switched_off
from server.tracing import lifecycle
from server.tracing.ended_by import who
from server.tracing.models import Run, RunState, Session
from server.tracing.nudges import WATCH

# How long a host may take to say that it accepted a start, after which the start is no longer valid there either.
ANSWER_TIME = datetime.timedelta(seconds=90)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One run that its host should know of."""

    host: uuid.UUID
    run: uuid.UUID
    stop_cause: str
    stop_message: str
    watched: bool


def starts_wait(hosts: Iterable[uuid.UUID]) -> bool:
    """Cheaper to ask than to take none."""
    return _waiting(hosts, timezone.now()).exists()


def take_starts(hosts: Iterable[uuid.UUID]) -> list[tuple[uuid.UUID, uuid.UUID, SignedEnvelope]]:
    """(host, run, envelope) to send now; each is handed out once, over all processes."""
    now = timezone.now()
    waiting = _waiting(hosts, now)
    sessions = set(waiting.values_list("session", flat=True))
    if not sessions:
        return []
    envelopes = _envelopes(sessions)  # before they count as sent: what cannot be signed yet is tried again
    with transaction.atomic():
        runs = list(waiting.filter(session__in=sessions).select_for_update(of=("self",)))
        Run.objects.filter(id__in=[run.id for run in runs]).update(sent_at=now)
    return [(run.host_id, run.id, envelopes[run.session_id]) for run in runs]


def _waiting(hosts: Iterable[uuid.UUID], now: datetime.datetime) -> QuerySet[Run]:
    return Run.objects.filter(state=RunState.PENDING, sent_at=None, host__in=list(hosts), session__not_after__gt=now)


def _envelopes(sessions: set[uuid.UUID]) -> dict[uuid.UUID, SignedEnvelope]:
    records = proofs.of_starts(sessions)
    found = Session.objects.filter(id__in=sessions).values_list("id", "envelope", "signature")
    return {
        session: SignedEnvelope(payload=bytes(payload), signature=bytes(signature), record=records.get(session))
        for session, payload, signature in found
    }


def wanted(hosts: Iterable[uuid.UUID]) -> list[Wanted]:
    """Every open run that these hosts were told to start."""
    runs = lifecycle.open_runs().filter(host__in=list(hosts), sent_at__isnull=False)
    now = timezone.now()
    found = runs.values_list("host_id", "id", "stop_cause", "stop_message", "session__watched_until")
    return [Wanted(host, run, cause, message, _lasts(until, now)) for host, run, cause, message, until in found]


def _lasts(until: datetime.datetime | None, now: datetime.datetime) -> bool:
    """A mark that would last longer than any is made for is from before the clock was set back."""
    return until is not None and now < until <= now + WATCH


def sweep() -> None:
    """What nobody else notices: starts that got no answer, switches, revoked hosts."""
    _refuse_unanswered()
    _stop_switched_off()
    for run in lifecycle.open_runs().filter(host__revoked_at__isnull=False).select_related("host"):
        by = who("host.revoke", run.host.name, "revoked the host")
        lifecycle.lose(run.id, f"the host was revoked by {by.partition(',')[0]}", by)


def _refuse_unanswered() -> None:
    now = timezone.now()
    pending = Run.objects.filter(state=RunState.PENDING)
    for run in pending.filter(sent_at=None, session__not_after__lt=now):
        lifecycle.refuse(run.id, "the host was not connected in time to take the start; start again when it is online")
    for run in pending.filter(sent_at__lt=now - ANSWER_TIME):
        lifecycle.refuse(run.id, "the host did not answer the start; see its agent's log")


def _stop_switched_off() -> None:
    hosts = {host.id: host for host in Host.objects.filter(switched_off())}
    if not hosts:
        return
    fleet = fleet_switch()
    for run in lifecycle.open_runs().filter(host__in=hosts, stop_cause=""):
        message, by = _switched_off_by(fleet, hosts[run.host_id])
        lifecycle.stop(run.session_id, [run], EndCause.END_CAUSE_SWITCHED_OFF, message, by)


def _switched_off_by(fleet: FleetSwitch, host: Host) -> tuple[str, str]:
    """What is told of it, and who did."""
    if fleet.off:
        where, reason, by = "for the whole fleet", fleet.reason, f"{fleet.changed_by}, who switched tracing off"
    else:
        where, reason, by = "here", host.switch_reason, who("host.switch", host.name, "switched tracing off")
    told = f"tracing was switched off {where} by {by.partition(',')[0]}"
    return (f"{told}: {reason}" if reason else told), by

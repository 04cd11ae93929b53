"""Delete a session with all that belongs to it. What was done with it stays in the audit."""

from __future__ import annotations

import datetime
from typing import Any

from django.db import transaction

from server import nudge
from server.audit.record import record
from server.consent.models import OPEN, Request
from server.tracing import doomed_keys, listings, session_keys
from server.tracing.models import Session
from server.tracing.segments import segment_store

# A mark whose session still exists is of a deletion that is being made, or that failed.
PATIENCE = datetime.timedelta(minutes=1)
# So long a host or another process may still hold rows of a deleted session and write them.
STRAGGLERS = datetime.timedelta(hours=1)


def remove(session: Session, action: str, actor: str, detail: dict[str, Any] | None = None) -> bool:
    """Files too; False when somebody else was faster. A crash in between is made good by ``finish``."""
    store, pk = segment_store(), session.pk
    _destroy_keys(session, actor)
    store.deletions.mark(pk)
    with transaction.atomic():
        if not Session.objects.select_for_update().filter(pk=pk).exists():
            return False
        hosts = [run.host.name for run in session.runs.select_related("host")]
        record(action, actor, tool=session.tool, hosts=hosts, session=pk, detail=detail)
        nudge.session_changed(pk)
        session.delete()
        listings.sweep()
    store.delete(pk)
    return True


def _destroy_keys(session: Session, actor: str) -> None:
    """First of all: from now on the server reads no copy of the rows, wherever it is, and the hosts are told."""
    runs = list(session.runs.select_related("host"))
    kept = [run for run in runs if run.encryption is not None and run.encryption.kept]
    if not kept and not session_keys.exists(session.pk):
        return
    hosts = [run.host.name for run in runs]
    record("session.key.destroy", actor, tool=session.tool, hosts=hosts, session=session.pk)
    session_keys.destroy(session.pk)
    doomed_keys.order(kept)


def _destroy_strays(now: datetime.datetime) -> None:
    """Keys of sessions that never came to be, or that went while nobody could destroy theirs; not of those that people
    are being asked about."""
    for session, age in session_keys.all_with_age(now.timestamp()):
        # In this order: the two change in one transaction.
        asked = Request.objects.filter(pk=session, state__in=OPEN).exists()
        if age > STRAGGLERS.total_seconds() and not asked and not Session.objects.filter(pk=session).exists():
            session_keys.destroy(session)


def finish(now: datetime.datetime) -> None:
    """Carry out deletions that were cut short, forget those that came to nothing. For every few seconds."""
    store = segment_store()
    for session, since in store.deletions.marked():
        exists = Session.objects.filter(pk=session).exists()
        if not exists:
            store.delete(session)
        if now - since > (PATIENCE if exists else STRAGGLERS):
            store.deletions.unmark(session)
    _destroy_strays(now)

"""A host that speaks of another host's runs: on record, and let go when it does not stop."""

from __future__ import annotations

import datetime
import logging
import uuid

from django.utils import timezone

from server.audit.models import AuditEntry
from server.audit.record import record
from server.ingest.database import in_db
from server.ingest.links import Link
from server.tracing.models import Run

log = logging.getLogger(__name__)

ALLOWED = 2  # on one connection; a mistake does not come three times
SAME = datetime.timedelta(minutes=10)  # of one session: one entry, or a host could fill the audit
ACTION = "host.trespass"
_ID_BYTES = 16


async def watch(link: Link, run_id: bytes) -> None:
    """To be told of every run that is not the host's."""
    if not await in_db(_noted, link, run_id):
        return
    link.trespasses += 1
    log.warning("%s speaks of a run of another host", link.name)
    if link.trespasses > ALLOWED:
        link.close()


def _noted(link: Link, run_id: bytes) -> bool:
    """Is it a run of another host?"""
    if len(run_id) != _ID_BYTES:
        return False
    run = Run.objects.filter(id=uuid.UUID(bytes=run_id)).exclude(host_id=link.host).select_related("host").first()
    if run is None:
        return False
    since = timezone.now() - SAME
    known = AuditEntry.objects.filter(action=ACTION, actor=link.name, session=run.session_id, time__gte=since)
    if not known.exists():
        detail = {"run": str(run.id), "of": run.host.name, "address": link.address}
        record(ACTION, link.name, "refused", hosts=[link.name, run.host.name], session=run.session_id, detail=detail)
    return True

"""What a host sent that was refused: on record, but once in ten minutes for each host and kind, or it could fill the
audit."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from server.audit.record import record_once
from server.ingest.database import in_db
from server.tracing.models import Run

if TYPE_CHECKING:
    from server.ingest.links import Link

log = logging.getLogger(__name__)

ACTION = "host.refused"
STRANGER = "connecting agent"
ASKED_SECONDS = 60  # for each connection and kind: frames may be refused faster than the audit can be asked
_ID_BYTES = 16


class Kind(StrEnum):
    IDENTITY = "identity"
    HELLO = "hello"
    MESSAGE = "message"
    FRAME = "frame"
    BATCH = "batch"
    SCHEMA = "schema"
    CLOSED = "closed session"


@dataclass(frozen=True, slots=True)
class Sender:
    """``name`` is empty for a host that the fleet does not know."""

    name: str
    address: str


async def note(link: Link, kind: Kind, why: str, session: uuid.UUID | None = None) -> None:
    """To be told of everything that was refused."""
    log.warning("%s: %s", link.name, why)
    now = time.monotonic()
    if now - link.refused.get(kind, -ASKED_SECONDS) >= ASKED_SECONDS:
        link.refused[kind] = now
        await kept(Sender(link.name, link.address), kind, why, session)


async def kept(sender: Sender, kind: Kind, why: str, session: uuid.UUID | None = None) -> None:
    """As ``enter``, also when the host hangs up meanwhile: that must not take its entry away."""
    await asyncio.shield(in_db(enter, sender, kind, why, session))


def enter(sender: Sender, kind: Kind, why: str, session: uuid.UUID | None = None) -> None:
    name = sender.name
    facts: dict[str, Any] = {"hosts": [name] if name else [], "session": session, "reason": why}
    like = {"detail__kind": str(kind)}
    detail = {"kind": str(kind), "address": sender.address}
    record_once(ACTION, name or STRANGER, "refused", like=like, detail=detail, **facts)


async def late(link: Link, run_id: bytes) -> None:
    """To be told of rows whose run is not wanted: those of a run of this host that is over are on record."""
    session = await in_db(_own_session, link.host, run_id)
    if session is not None:
        await note(link, Kind.CLOSED, "it sent rows of a run that is over", session)


def _own_session(host: uuid.UUID, run_id: bytes) -> uuid.UUID | None:
    if len(run_id) != _ID_BYTES:
        return None
    return Run.objects.filter(id=uuid.UUID(bytes=run_id), host_id=host).values_list("session_id", flat=True).first()

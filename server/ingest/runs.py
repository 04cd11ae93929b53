"""The runs that this process stores rows of: what is stored so far, and what the database has not been told yet."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from proto.columnar import BodyDecoder
from proto.v1.stream_pb2 import RunEnd, RunSchema
from server import nudge
from server.ingest.database import in_db
from server.tracing import lifecycle
from server.tracing.models import Run, RunState
from server.tracing.progress import Progress, stored, write
from server.tracing.segments import segment_store
from server.tracing.store.bodies import encrypted


@dataclass(slots=True, eq=False)
class OpenRun:
    """One run of a connected host."""

    id: uuid.UUID
    session: uuid.UUID
    host: uuid.UUID
    progress: Progress
    schema: RunSchema | None = None
    decoders: Sequence[BodyDecoder] = ()  # of its streams, once there is a schema
    encrypted: bool = False  # its bodies are, as that schema says
    targeted: bool = False  # the database knows whom it is about
    end: RunEnd | None = None  # its last frame is stored
    closed: bool = False  # and the database says so
    listed: bool = False  # its program is kept
    trouble: str = ""  # why its rows cannot be stored just now; stands before what the host notes
    dirty: bool = False  # progress is ahead of the database
    awaited_seq: int = 0  # after a hole: what the host was asked to send next
    has_schema: asyncio.Event = field(default_factory=asyncio.Event)

    def pin(self, schema: RunSchema) -> None:
        self.schema = schema
        self.decoders = [BodyDecoder(stream) for stream in schema.streams]
        self.encrypted = encrypted(schema)
        self.has_schema.set()


def load_run(host: uuid.UUID, run_id: bytes) -> OpenRun | None:
    """From database and store; None when the host has no such run or its rows are not wanted any more."""
    if len(run_id) != 16:
        return None
    run = Run.objects.filter(id=uuid.UUID(bytes=run_id), host_id=host, sent_at__isnull=False).first()
    if run is None or run.state == RunState.REFUSED:
        return None
    closed = segment_store().index(run.session_id, run.id).end is not None
    if run.state == RunState.ENDED and not closed:
        return None
    if closed:
        lifecycle.close_stored(run)
    progress = stored(run.session_id, run.id)
    loaded = OpenRun(run.id, run.session_id, host, progress, closed=closed, dirty=not closed)
    if run.schema:
        loaded.pin(RunSchema.FromString(bytes(run.schema)))
    return loaded


async def flush(runs: Iterable[OpenRun]) -> None:
    """Write the progress of these runs to the database and let those who watch know; what fails stays to be written."""
    dirty = [run for run in runs if run.dirty and not run.closed]
    if not dirty:
        return
    for run in dirty:
        run.dirty = False
    try:
        await in_db(write, [run.progress for run in dirty])
    except BaseException:
        for run in dirty:
            run.dirty = True
        raise
    for session in {run.session for run in dirty}:
        await nudge.send(nudge.session_group(session), nudge.state_message())

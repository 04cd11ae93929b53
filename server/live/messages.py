"""Stored batches and database rows as messages of live.proto."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from uuid import UUID

from proto.v1.live_pb2 import LiveMessage, RowsGroup, RunRows, RunState, SessionState
from proto.v1.tool_pb2 import KIND_BYTES
from server.live.joining import joined_body, parts
from server.live.viewer import Rows
from server.tracing.models import Run, Session
from server.tracing.render import run_books, run_end
from server.tracing.store import StoredBatch


def rows_message(run: str, batch: StoredBatch) -> Rows:
    """A batch that has just come. Decompresses it: browsers have no zstd."""
    message = LiveMessage(rows=_run_rows(run, [batch], backfill=False)) if _has_rows(batch) else None
    return _rows(run, [batch], message)


def group_message(run: str, batches: Sequence[StoredBatch]) -> Rows:
    """Batches of the past as one message, those of one stream put together."""
    streams: dict[int, list[StoredBatch]] = {}
    for batch in batches:
        if _has_rows(batch):
            streams.setdefault(batch.head.stream, []).append(batch)
    rows = sorted((_run_rows(run, found, backfill=True) for found in streams.values()), key=lambda found: found.seq)
    return _rows(run, batches, LiveMessage(group=RowsGroup(batches=rows)) if rows else None)


def _has_rows(batch: StoredBatch) -> bool:
    return bool(batch.head.rows) and batch.stream is not None


def _run_rows(run: str, batches: Sequence[StoredBatch], *, backfill: bool) -> RunRows:
    """Of one stream, each with rows."""
    last, rows = batches[-1].head, sum(batch.head.rows for batch in batches)
    stream = batches[-1].stream
    return RunRows(
        run=run,
        seq=last.seq,
        stream=last.stream,
        rows=rows,
        first_row=last.first_row + last.rows - rows,
        body=joined_body(stream, batches) if stream is not None else b"",
        backfill=backfill,
        boot_ns=last.boot_ns,
        wall_ns=last.wall_ns,
        parts=parts(batches),
    )


def _rows(run: str, batches: Sequence[StoredBatch], message: LiveMessage | None) -> Rows:
    last = batches[-1].head
    rows = sum(batch.head.rows for batch in batches if _has_rows(batch))
    payload = message.SerializeToString() if message is not None else None
    return Rows(run, last.seq, rows, payload, last.first_row + last.rows)


def session_state(session: UUID) -> SessionState:
    """Without the people who watch. Raises Session.DoesNotExist once the session is deleted."""
    state = Session.objects.values_list("state", flat=True).get(pk=session)
    runs = Run.objects.filter(session=session).select_related("host").order_by("host__name")
    return SessionState(session=str(session), state=state, runs=[_run_state(run) for run in runs])


def askable(state: SessionState) -> bool:
    """The session is over, and the store answers for every view of it: those of bytes replay the rows themselves, and
    of encrypted rows it cannot take in many at once.
    """
    schemas = [run.schema for run in state.runs if run.HasField("schema")]
    replayed = any(stream.kind == KIND_BYTES for schema in schemas for stream in schema.streams)
    return state.state == "ended" and not replayed and not any(schema.HasField("encryption") for schema in schemas)


def state_message(state: SessionState, watching: Iterable[str]) -> bytes:
    message = LiveMessage(state=state)
    message.state.watching.extend(sorted(set(watching)))
    return message.SerializeToString(deterministic=True)


def _run_state(run: Run) -> RunState:
    books = run_books(run)
    return RunState(
        run=str(run.pk),
        host=run.host.name,
        state=run.state,
        schema=run.run_schema,
        ledger=run.run_ledger,
        cost=run.run_cost,
        end=run_end(run),
        boot_ns=run.boot_ns,
        wall_ns=run.wall_ns,
        stored_seq=run.stored_seq,
        books=books.state,
        books_message=books.message,
        silent_since_wall_ns=_silent_since(run),
        note=run.note,
        locked=run.locked,
    )


def _silent_since(run: Run) -> int:
    """0 while the host is connected or nothing is expected from it."""
    if run.final or run.host.state == "online":
        return 0
    return _nanoseconds(run.host.last_seen or run.host.joined_at)


def _nanoseconds(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp()) * 10**9 + moment.microsecond * 1000

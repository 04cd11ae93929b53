"""What must be known of a session to hand out its rows, read from the database."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from proto.v1.stream_pb2 import EndCause, RunEnd
from server.errors import Invalid
from server.tracing.books import Books, books
from server.tracing.models import Run, Session, SessionState
from server.tracing.rows import RunSource
from server.tracing.storage import segment_store
from server.tracing.store import RunIndex


@dataclass(frozen=True, slots=True)
class SessionSource:
    session: UUID
    ended: bool
    runs: list[RunSource]  # those that have sent their schema, by host name

    def stream_names(self) -> list[str]:
        names = [stream.name for run in self.runs for stream in run.schema.streams]
        return list(dict.fromkeys(names))


def load(session: UUID) -> SessionSource:
    """Raises Session.DoesNotExist once the session is deleted."""
    ended = Session.objects.values_list("state", flat=True).get(pk=session) == SessionState.ENDED
    return SessionSource(session, ended, [source for run in _runs(session) if (source := _source(run))])


def pick_stream(source: SessionSource, name: str) -> str:
    """The stream asked for, or the only one. Raises Invalid."""
    names = source.stream_names()
    if not name and len(names) == 1:
        return names[0]
    if name in names:
        return name
    if not names:
        raise Invalid("no host has sent rows of this session; wait until a run is attached", field="stream")
    problem = f"there is no stream {name!r}" if name else "this session has several streams"
    raise Invalid(f"{problem}; choose one of {', '.join(names)}", field="stream")


def run_books(run: Run, index: RunIndex | None = None) -> Books:
    """Of one run, against what its segments hold now."""
    stored = index or segment_store().index(run.session_id, run.pk)
    return books(stored, run_end(run), run.run_schema, boot_ns=run.boot_ns, stored_seq=run.stored_seq)


def run_end(run: Run) -> RunEnd | None:
    """How the run ended as far as the server knows; None while frames may still come."""
    if not run.final:
        return None
    cause = EndCause.Value(f"END_CAUSE_{run.end_cause.upper()}") if run.end_cause else EndCause.END_CAUSE_UNSPECIFIED
    return RunEnd(cause=cause, message=run.end_message, ledger_known=run.ledger_known)


def _runs(session: UUID) -> QuerySet[Run]:
    return Run.objects.filter(session=session).select_related("host").order_by("host__name")


def _source(run: Run) -> RunSource | None:
    schema = run.run_schema
    return RunSource(run.pk, run.host.name, schema, run.boot_ns, run.wall_ns) if schema else None

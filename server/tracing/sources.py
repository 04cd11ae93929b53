"""What must be known of a session to hand out its rows, read from the database."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from proto.v1.tool_pb2 import KIND_BYTES
from server.errors import Invalid
from server.tracing.merge import Merged, merge
from server.tracing.models import Run, Session, SessionState
from server.tracing.rows import RunSource


@dataclass(frozen=True, slots=True)
class SessionSource:
    """Whose rows a session has now."""

    session: UUID
    ended: bool
    runs: list[RunSource]  # those that have sent their schema, by host name

    @property
    def encrypted(self) -> bool:
        """Some of its rows are: what is made of them goes to no disk."""
        return any(run.schema.HasField("encryption") for run in self.runs)

    def stream_names(self) -> list[str]:
        names = [stream.name for run in self.runs for stream in run.schema.streams]
        return list(dict.fromkeys(names))


def load(session: UUID) -> SessionSource:
    """Raises Session.DoesNotExist once the session is deleted."""
    ended = Session.objects.values_list("state", flat=True).get(pk=session) == SessionState.ENDED
    runs = Run.objects.filter(session=session).select_related("host").order_by("host__name")
    return SessionSource(session, ended, [source for run in runs if (source := _source(run))])


def shift(run: UUID) -> int | None:
    """What makes the run's times wall-clock ns; None when there is no such run."""
    anchor = Run.objects.filter(pk=run).values_list("wall_ns", "boot_ns").first()
    return anchor[0] - anchor[1] if anchor else None


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


def only_payload(source: SessionSource) -> str:
    """The name of the only stream of bytes; empty when there is none or a choice."""
    streams = [stream for run in source.runs for stream in run.schema.streams]
    names = {stream.name for stream in streams if stream.kind == KIND_BYTES}
    return names.pop() if len(names) == 1 else ""


def common_stream(source: SessionSource, name: str) -> Merged:
    """The stream with the columns of all hosts. Raises Invalid."""
    numbers = [(run, number) for run in source.runs if (number := run.stream_number(name)) is not None]
    if not numbers:
        raise Invalid(f"no host has sent rows of {name!r}", field="stream")
    return merge([(run, run.schema.streams[number]) for run, number in numbers])


def _source(run: Run) -> RunSource | None:
    """None also while its rows are locked: what is shown of a session says of which hosts they are."""
    schema = run.run_schema
    if run.locked:
        return None
    return RunSource(run.pk, run.host.name, schema, run.boot_ns, run.wall_ns) if schema else None

"""A session with runs in the database and frames in the store, driven as ingest would."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from django.utils import timezone

from proto.v1.stream_pb2 import END_CAUSE_DURATION, EndCause, ListedFunction, Listing, RunEnd, RunSchema
from proto.v1.tool_pb2 import PROBE_TYPE_TRACEPOINT
from server.accounts.models import Risk, User
from server.fleet.models import Host
from server.tracing import lifecycle, progress, session_keys
from server.tracing.models import Run, RunState, Session, SessionState
from server.tracing.progress import Progress
from server.tracing.segments import segment_store
from tests.server.tracing.rows import BOOT, SCHEMA, WALL, EncryptedFrames, Frames

LISTING = Listing(
    source="int f;",
    switches=["-DFS_PID=7ULL"],
    functions=[ListedFunction(name="f", type=PROBE_TYPE_TRACEPOINT, code=bytes([0x95, 0, 0, 0, 0, 0, 0, 0]))],
)


@dataclass
class Traced:
    """One session; ``frames`` belongs to its first run."""

    session: Session
    runs: list[Run]
    frames: list[Frames] = field(default_factory=list)

    def store(self, *counts: int, run: int = 0, paths: list[bytes] | None = None) -> None:
        frames = [self.frames[run].rows_of(count, paths=paths) for count in counts]
        self.append(frames, run)

    def append(self, frames: list[bytes], run: int = 0) -> None:
        segment_store().append(self.session.pk, self.runs[run].pk, frames)
        progress.write([self._progress(run)])

    def end(self, cause: EndCause = END_CAUSE_DURATION, message: str = "its time was up") -> None:
        for run, frames in enumerate(self.frames):
            self.append([frames.end(cause, message)], run)
            lifecycle.close(self._progress(run), RunEnd(cause=cause, message=message, ledger_known=True))

    def _progress(self, run: int) -> Progress:
        frames = self.frames[run]
        ledger = frames.ledger().SerializeToString()
        return Progress(self.runs[run].pk, rows=frames.rows, hits=frames.stored, stored_seq=frames.seq, ledger=ledger)


def traced(by: User, hosts: int = 1, schema: RunSchema = SCHEMA) -> Traced:
    """A running session, its runs attached on hosts that are named host-1, host-2 and so on."""
    session = Session.objects.create(
        tool="opensnoop",
        title="Opened files",
        kind="events",
        state=SessionState.RUNNING,
        risk=Risk.S2,
        created_by=by,
        not_after=timezone.now(),
    )
    runs = [_run(session, number, schema) for number in range(1, hosts + 1)]
    return Traced(session, runs, [Frames() for _ in runs])


def encrypted(by: User, schema: RunSchema = SCHEMA) -> Traced:
    """The same of risk class S3 on one host, which encrypts its rows."""
    made = traced(by, schema=schema)
    run = made.runs[0]
    frames = EncryptedFrames(run.pk.bytes, session_keys.create(made.session.pk), schema)
    run.schema = frames.schema.SerializeToString()
    run.save()
    segment_store().pin(made.session.pk, run.pk, frames.schema)
    made.frames = [frames]
    return made


def _run(session: Session, number: int, schema: RunSchema) -> Run:
    host, _ = Host.objects.get_or_create(name=f"host-{number}", defaults={"certificate_serial": str(number)})
    run = Run.objects.create(
        id=uuid.uuid4(),
        session=session,
        host=host,
        state=RunState.ATTACHED,
        schema=schema.SerializeToString(),
        boot_ns=BOOT,
        wall_ns=WALL + number * 10**9,
    )
    segment_store().pin(session.pk, run.pk, schema)
    return run

"""Frames of one run into the store: checked, appended with one fdatasync for as many as wait, then counted."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from proto.frame import Frame
from proto.v1.agent_pb2 import Ack, DataDown, Reject
from server.ingest.check import UnacceptableError, check_frame
from server.ingest.runs import OpenRun
from server.tracing.segments import segment_store
from server.tracing.store import HoleError
from server.tracing.store.declared import declare

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of some frames: the answer to the host, and why the run must end when it must. ``late``: some came
    after the run's last one."""

    answer: DataDown
    unacceptable: str = ""
    late: bool = False


def store_frames(run: OpenRun, frames: list[Frame]) -> Stored:
    """Blocking; one call for a run at a time. Raises OSError when the disk fails: then nothing is acknowledged."""
    new = _fresh(frames, run.progress.stored_seq)
    fresh = _up_to_end(run, new)
    late = len(fresh) < len(new)
    if not fresh:
        return Stored(_late(run) if late else _ack(run), late=late)
    try:
        for frame in fresh:
            check_frame(frame, run.decoders, encrypted=run.encrypted)
    except UnacceptableError as error:
        message = f"batch {frame.head.seq} was refused: {error}"
        return Stored(_reject(run, 0, message), unacceptable=message)
    hole = _append(run, fresh)
    joined = [frame for frame in fresh if hole is None or frame.head.seq < hole.expected]
    for frame in joined:
        _count(run, frame)
    if hole is None:
        return Stored(_late(run) if late else _ack(run), late=late)
    run.awaited_seq = hole.expected
    return Stored(_reject(run, hole.expected, str(hole)))


def _fresh(frames: list[Frame], stored_seq: int) -> list[Frame]:
    """Without repeats, of what is stored and within the group."""
    fresh, last = [], stored_seq
    for frame in frames:
        if frame.head.seq > last:
            fresh.append(frame)
            last = frame.head.seq
    return fresh


def _up_to_end(run: OpenRun, frames: list[Frame]) -> list[Frame]:
    """Nothing follows a run's last frame."""
    if run.closed or run.end is not None:
        return []
    last = next((place for place, frame in enumerate(frames) if frame.head.HasField("end")), len(frames))
    return frames[: last + 1]


def _append(run: OpenRun, frames: list[Frame]) -> HoleError | None:
    try:
        segment_store().append(run.session, run.id, frames)
    except HoleError as hole:
        return hole
    return None


def _count(run: OpenRun, frame: Frame) -> None:
    head, progress = frame.head, run.progress
    progress.rows += head.rows
    progress.hits += head.hits
    progress.stored_bytes += len(frame.raw)
    progress.stored_seq = head.seq
    if head.damaged:
        log.warning("run %s: batch %s is lost: %s", run.id, head.seq, head.damaged)
        progress.lost_ns.append(head.boot_ns)
    if head.HasField("ledger"):
        progress.ledger = declare(head.ledger, progress.hits, progress.lost_ns).SerializeToString()
    if head.HasField("end"):
        run.end = head.end
    run.dirty = True
    if run.awaited_seq <= head.seq:
        run.awaited_seq = 0


def _ack(run: OpenRun) -> DataDown:
    return DataDown(ack=Ack(run_id=run.id.bytes, seq=run.progress.stored_seq))


def _late(run: OpenRun) -> DataDown:
    return _reject(run, 0, "the run is over; nothing may follow its last batch")


def _reject(run: OpenRun, expected: int, reason: str) -> DataDown:
    return DataDown(reject=Reject(run_id=run.id.bytes, expected_seq=expected, reason=reason))

from __future__ import annotations

import uuid

import pytest

from proto.frame import Frame, decode
from proto.v1.stream_pb2 import END_CAUSE_DURATION
from server.ingest.runs import OpenRun
from server.ingest.storing import store_frames
from server.tracing.progress import Progress
from server.tracing.segments import segment_store
from tests.server.tracing.rows import SCHEMA, Frames


@pytest.fixture
def run() -> OpenRun:
    made = OpenRun(uuid.uuid4(), uuid.uuid4(), uuid.uuid4(), Progress(uuid.uuid4()))
    made.pin(SCHEMA)
    segment_store().pin(made.session, made.id, SCHEMA)
    return made


def sent(*counts: int) -> list[Frame]:
    frames = Frames()
    return [decode(frames.rows_of(count)) for count in counts]


def test_what_is_acknowledged_is_stored(run: OpenRun) -> None:
    answer = store_frames(run, sent(10, 20, 30)).answer
    assert (answer.ack.run_id, answer.ack.seq) == (run.id.bytes, 3)
    assert segment_store().last_seq(run.session, run.id) == 3
    assert (run.progress.rows, run.progress.hits, run.progress.stored_seq, run.dirty) == (60, 60, 3, True)


def test_repeats_are_acknowledged_and_counted_once(run: OpenRun) -> None:
    frames = sent(10, 20, 30)
    store_frames(run, frames[:2])
    assert store_frames(run, frames[:2]).answer.ack.seq == 2
    assert store_frames(run, frames).answer.ack.seq == 3
    assert run.progress.rows == 60


def test_a_hole_asks_for_what_is_missing(run: OpenRun) -> None:
    frames = sent(10, 20, 30, 40)
    answer = store_frames(run, [frames[0], frames[2], frames[3]]).answer
    assert (answer.reject.expected_seq, run.awaited_seq, run.progress.stored_seq) == (2, 2, 1)
    assert store_frames(run, frames[1:]).answer.ack.seq == 4
    assert (run.awaited_seq, run.progress.rows) == (0, 100)


def test_one_bad_frame_stores_nothing_of_its_group(run: OpenRun) -> None:
    frames = sent(10, 20)
    frames[1].head.rows = 21
    stored = store_frames(run, frames)
    assert (stored.answer.reject.expected_seq, run.progress.stored_seq) == (0, 0)
    assert stored.unacceptable == "batch 2 was refused: it announces 21 rows and holds 20"
    assert segment_store().last_seq(run.session, run.id) == 0


def test_the_last_frame_says_how_the_run_ended(run: OpenRun) -> None:
    made = Frames()
    frames = [decode(made.rows_of(10)), decode(made.end(END_CAUSE_DURATION, "over"))]
    store_frames(run, frames)
    assert run.end is not None
    assert run.end.message == "over"
    for run.closed in (False, True):
        assert store_frames(run, sent(1, 1)).answer.ack.seq == 2


def test_what_follows_the_last_frame_is_not_stored(run: OpenRun) -> None:
    made = Frames()
    frames = [decode(made.rows_of(10)), decode(made.end(END_CAUSE_DURATION)), decode(made.rows_of(7))]
    stored = store_frames(run, frames)
    assert (stored.late, stored.answer.reject.reason) == (True, "the run is over; nothing may follow its last batch")
    assert (run.progress.rows, run.progress.stored_seq) == (10, 2)
    for run.closed in (False, True):
        assert store_frames(run, frames[2:]).late
    assert (run.progress.rows, run.progress.stored_seq) == (10, 2)

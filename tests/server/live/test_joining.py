from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

import pyarrow as pa
import pytest

from proto.frame import decode
from proto.v1.stream_pb2 import END_CAUSE_DURATION
from server.live.joining import SECOND, joined_body, parts
from server.tracing.store import SegmentStore, StoredBatch
from tests.server.tracing.rows import EVENTS, SCHEMA, WALL, Frames, events

SESSION, RUN = UUID(int=1), UUID(int=2)


def fresh(*rows: int) -> list[StoredBatch]:
    frames = Frames()
    decoded = [decode(frames.rows_of(count)) for count in rows]
    return [StoredBatch(frame.head, EVENTS, packed=frame.body) for frame in decoded]


def read(bodies: Iterable[bytes]) -> list[pa.RecordBatch]:
    return list(pa.ipc.open_stream(EVENTS.arrow_schema + b"".join(bodies)))


def test_several_are_one_batch_with_their_rows_in_order() -> None:
    (batch,) = read([joined_body(EVENTS, fresh(7, 4, 9))])
    assert batch.to_pylist() == events(0, 20).to_pylist()


def test_one_stays_as_it_came() -> None:
    (batch,) = fresh(7)
    assert joined_body(EVENTS, [batch]) == batch.body()
    assert list(parts([batch])) == []


@pytest.mark.parametrize("mixed", [False, True])
def test_sealed_ones_hold_only_words_of_their_own(tmp_path: Path, mixed: bool) -> None:
    store = SegmentStore(tmp_path)
    store.pin(SESSION, RUN, SCHEMA)
    frames = Frames()
    kept = [frames.rows_of(count) for count in (50, 3, 4, 50)]
    store.append(SESSION, RUN, [*kept, frames.end(END_CAUSE_DURATION)])
    assert store.seal_due() == 1
    sealed = [batch for batch in store.read(SESSION, RUN) if batch.seq in (2, 3)]
    assert all(batch.rows is not None for batch in sealed)
    if mixed:
        head = decode(kept[2])
        sealed[1] = StoredBatch(head.head, EVENTS, packed=head.body)
    (batch,) = read([joined_body(EVENTS, sealed)])
    assert batch.to_pylist() == events(50, 7).to_pylist()
    words = batch.column("path")
    assert len(words.dictionary) <= len(words)


def test_rows_are_counted_by_the_second() -> None:
    batches = fresh(7, 4, 9)
    for batch, moment in zip(batches, (0, 0.4, 1.2), strict=True):
        batch.head.wall_ns = WALL // SECOND * SECOND + int(moment * SECOND)
    assert [part.rows for part in parts(batches)] == [11, 9]

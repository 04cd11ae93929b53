from __future__ import annotations

import threading
from uuid import UUID

import pytest

from proto.v1.stream_pb2 import END_CAUSE_DURATION
from server.tracing.store import SegmentStore
from server.tracing.store import writer as writer_module
from server.tracing.store.layout import RunFolder
from tests.server.tracing.rows import Frames

SESSION, RUN = UUID(int=1), UUID(int=2)


@pytest.fixture
def store(folder: RunFolder) -> SegmentStore:
    return SegmentStore(folder.path.parent.parent)


def test_a_reader_goes_on_while_its_segments_are_sealed(store: SegmentStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "SEGMENT_BYTES", 1)
    frames = Frames()
    for _ in range(6):
        store.append(SESSION, RUN, [frames.rows_of(3)])
    store.append(SESSION, RUN, [frames.end(END_CAUSE_DURATION)])
    seqs, reading = [], store.read(SESSION, RUN)
    seqs.append(next(reading).seq)
    assert store.seal_due() == 7
    seqs += [batch.seq for batch in reading]
    assert seqs == list(range(1, 8))


def test_a_reader_of_a_deleted_session_ends(store: SegmentStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "SEGMENT_BYTES", 1)
    frames = Frames()
    for _ in range(3):
        store.append(SESSION, RUN, [frames.rows_of(3)])
    reading = store.read(SESSION, RUN)
    next(reading)
    store.delete(SESSION)
    assert [batch.seq for batch in reading] == []


def test_reading_stops_at_the_bytes_asked_for(store: SegmentStore) -> None:
    frames = Frames()
    store.append(SESSION, RUN, [frames.rows_of(100) for _ in range(5)])
    size = next(iter(store.read(SESSION, RUN))).head.body_size
    assert [batch.seq for batch in store.read(SESSION, RUN, 1, max_bytes=size * 3 // 2)] == [2, 3]
    assert [batch.seq for batch in store.read(SESSION, RUN, 5)] == []


def test_a_run_without_a_schema_has_its_end_read(store: SegmentStore) -> None:
    other, frames = UUID(int=3), Frames()
    store.append(SESSION, other, [frames.end(END_CAUSE_DURATION, "no such function")])
    (batch,) = store.read(SESSION, other)
    assert (batch.stream, batch.batch(), batch.body()) == (None, None, b"")
    assert batch.head.end.message == "no such function"
    assert store.seal_due() == 0


def test_every_row_is_read_once_while_others_write_and_seal(
    store: SegmentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "SEGMENT_BYTES", 3000)
    frames, done = Frames(), threading.Event()

    def write() -> None:
        for _ in range(120):
            store.append(SESSION, RUN, [frames.rows_of(20)])
        store.append(SESSION, RUN, [frames.end(END_CAUSE_DURATION)])
        done.set()

    def seal() -> None:
        while not done.is_set():
            store.seal_due()
        store.seal_due()

    threads = [threading.Thread(target=write), threading.Thread(target=seal)]
    for thread in threads:
        thread.start()
    rows: list[int] = []
    web, seq, ended = SegmentStore(store.root), 0, False
    while not ended:
        for stored in web.read(SESSION, RUN, seq):
            seq, ended = stored.seq, stored.head.HasField("end")
            batch = stored.batch()
            rows += batch["latency"].to_pylist() if batch is not None else []
    for thread in threads:
        thread.join()
    assert rows == [n * n % 1000003 for n in range(2400)]
    assert web.index(SESSION, RUN).damage == ()

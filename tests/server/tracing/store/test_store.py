from __future__ import annotations

import os
import threading
from io import BytesIO
from pathlib import Path
from uuid import UUID, uuid4

import pyarrow as pa
import pytest

from proto.columnar import decode_body
from proto.frame import decode, scan
from proto.v1.stream_pb2 import END_CAUSE_DURATION
from server.tracing.store import HoleError, SegmentStore
from server.tracing.store import writer as writer_module
from tests.server.tracing.rows import EVENTS, SCHEMA, TWO_STREAMS, Frames

SESSION, RUN = UUID(int=1), UUID(int=2)


@pytest.fixture
def store(tmp_path: Path) -> SegmentStore:
    store = SegmentStore(tmp_path)
    store.pin(SESSION, RUN, SCHEMA)
    return store


def folder(store: SegmentStore) -> Path:
    return store.root / str(SESSION) / str(RUN)


def names(store: SegmentStore) -> list[str]:
    return sorted(path.name for path in folder(store).iterdir() if path.name != "schema.pb")


def table(store: SegmentStore, after: int = 0) -> pa.Table:
    batches = [batch.batch() for batch in store.read(SESSION, RUN, after)]
    return pa.Table.from_batches([batch for batch in batches if batch is not None])


def finish(store: SegmentStore, frames: Frames, count: int = 3) -> None:
    store.append(SESSION, RUN, [frames.rows_of(10 + i) for i in range(count)])
    store.append(SESSION, RUN, [frames.end(END_CAUSE_DURATION)])


def test_what_is_appended_is_read_back(store: SegmentStore) -> None:
    frames = Frames()
    sent = [frames.rows_of(5), frames.rows_of(7)]
    store.append(SESSION, RUN, sent)
    assert [batch.frame() for batch in store.read(SESSION, RUN)] == sent
    assert [batch.seq for batch in store.read(SESSION, RUN, after_seq=1)] == [2]
    index = store.index(SESSION, RUN)
    assert (index.rows, index.hits, index.first_seq, index.last_seq) == (12, 12, 1, 2)
    assert index.bytes == sum(map(len, sent))
    assert not index.holes and not index.damage and index.end is None
    assert index.ledger == frames.ledger()


def test_repeats_are_dropped_and_holes_refused(store: SegmentStore) -> None:
    frames = Frames()
    first, second, third = (frames.rows_of(3) for _ in range(3))
    store.append(SESSION, RUN, [first])
    with pytest.raises(HoleError) as hole:
        store.append(SESSION, RUN, [third])
    assert hole.value.expected == 2
    store.append(SESSION, RUN, [first, second])
    with pytest.raises(HoleError):
        SegmentStore(store.root).append(SESSION, RUN, [Frames().rows_of(1), frames.rows_of(1), frames.rows_of(1)])
    assert store.last_seq(SESSION, RUN) == 2
    assert table(store).num_rows == 6


def test_frames_before_a_hole_are_kept(store: SegmentStore) -> None:
    frames = Frames()
    first, _, third = (frames.rows_of(3) for _ in range(3))
    with pytest.raises(HoleError) as hole:
        store.append(SESSION, RUN, [first, third])
    assert hole.value.expected == 2
    assert store.last_seq(SESSION, RUN) == 1


def test_an_append_is_one_fdatasync(store: SegmentStore, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    real = os.fdatasync

    def fdatasync(fd: int) -> None:
        synced.append(fd)
        real(fd)

    monkeypatch.setattr(os, "fdatasync", fdatasync)
    frames = Frames()
    store.append(SESSION, RUN, [frames.rows_of(2) for _ in range(20)])
    assert len(synced) == 1


@pytest.mark.parametrize("kept", [1, 15, 40, -1])
def test_a_torn_tail_is_cut_off_on_open(store: SegmentStore, kept: int) -> None:
    frames = Frames()
    first, second = frames.rows_of(5), frames.rows_of(5)
    store.append(SESSION, RUN, [first])
    segment = folder(store) / "000000000001.seg"
    with segment.open("ab") as file:
        file.write(second[:kept])
    reopened = SegmentStore(store.root)
    assert reopened.last_seq(SESSION, RUN) == 1
    assert len(list(reopened.read(SESSION, RUN))) == 1
    reopened.append(SESSION, RUN, [second])
    assert segment.read_bytes() == first + second


def test_another_process_sees_appends_at_once(store: SegmentStore) -> None:
    reader, frames = SegmentStore(store.root), Frames()
    for seq in (1, 2, 3):
        store.append(SESSION, RUN, [frames.rows_of(1)])
        assert reader.index(SESSION, RUN).last_seq == seq


def test_two_writers_take_turns(store: SegmentStore) -> None:
    other, frames = SegmentStore(store.root), Frames()
    for turn in range(6):
        (store, other)[turn % 2].append(SESSION, RUN, [frames.rows_of(2)])
    assert store.index(SESSION, RUN).rows == 12
    assert not store.index(SESSION, RUN).holes


def test_an_ended_run_is_sealed_and_reads_the_same(store: SegmentStore) -> None:
    frames = Frames()
    finish(store, frames)
    before, index = table(store), store.index(SESSION, RUN)
    heads = [batch.head for batch in store.read(SESSION, RUN)]
    assert store.seal_due() == 1
    assert names(store) == ["000000000001.idx", "000000000001.parquet"]
    assert table(store).equals(before)
    assert table(store, after=2).equals(before.slice(21))
    for fresh in (store, SegmentStore(store.root)):
        assert fresh.index(SESSION, RUN) == index
        assert [batch.head for batch in fresh.read(SESSION, RUN)] == heads
        assert fresh.last_seq(SESSION, RUN) == 4


def test_what_was_halted_is_sealed_later(store: SegmentStore) -> None:
    frames = Frames()
    store.append(SESSION, RUN, [frames.rows_of(5), frames.end(END_CAUSE_DURATION)])
    store.halt.set()
    assert store.seal_due() == 0
    store.halt.clear()
    assert store.seal_due() == 1


def test_a_sealed_batch_is_a_valid_frame_again(store: SegmentStore) -> None:
    frames = Frames()
    sent = frames.rows_of(1000)
    store.append(SESSION, RUN, [sent, frames.end(END_CAUSE_DURATION)])
    store.seal_due()
    served = decode(next(iter(store.read(SESSION, RUN))).frame())
    rows = decode_body(EVENTS, served.body, served.head.body_size)
    original = decode(sent)
    assert rows.equals(decode_body(EVENTS, original.body, original.head.body_size))


def test_body_reads_behind_the_schema_message(store: SegmentStore) -> None:
    frames = Frames()
    finish(store, frames)
    for _ in range(2):
        batch = next(iter(store.read(SESSION, RUN)))
        assert batch.stream is not None
        rows = pa.ipc.open_stream(batch.stream.arrow_schema + batch.body()).read_next_batch()
        assert rows.equals(batch.batch())
        store.seal_due()


def test_rotation_while_the_run_lives(store: SegmentStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "SEGMENT_BYTES", 2000)
    frames = Frames()
    for _ in range(12):
        store.append(SESSION, RUN, [frames.rows_of(50)])
    before = table(store)
    assert before.num_rows == 600
    assert store.seal_due() > 1
    assert any(name.endswith(".parquet") for name in names(store)) and any(
        name.endswith(".seg") for name in names(store)
    )
    assert table(store).equals(before)
    store.append(SESSION, RUN, [frames.rows_of(50), frames.end(END_CAUSE_DURATION)])
    store.seal_due()
    assert not any(name.endswith(".seg") for name in names(store))
    assert table(store).num_rows == 650
    assert [batch.seq for batch in store.read(SESSION, RUN, after_seq=5)] == list(range(6, 15))


def test_an_old_segment_is_sealed_without_new_data(store: SegmentStore, monkeypatch: pytest.MonkeyPatch) -> None:
    frames = Frames()
    store.append(SESSION, RUN, [frames.rows_of(4)])
    assert store.seal_due() == 0
    monkeypatch.setattr(writer_module, "SEGMENT_SECONDS", 0.0)
    assert store.seal_due() == 1
    assert names(store) == ["000000000001.idx", "000000000001.parquet", "000000000002.seg"]
    restarted = SegmentStore(store.root)
    assert restarted.last_seq(SESSION, RUN) == 1
    restarted.append(SESSION, RUN, [frames.rows_of(4)])
    assert table(store).num_rows == 8


def test_a_restart_finds_what_is_to_be_sealed(store: SegmentStore) -> None:
    finish(store, Frames())
    assert SegmentStore(store.root).seal_due() == 1


def test_each_stream_has_its_file(tmp_path: Path) -> None:
    store, frames = SegmentStore(tmp_path), Frames()
    store.pin(SESSION, RUN, TWO_STREAMS)
    sent = [frames.rows_of(5), frames.stacks_of(6), frames.rows_of(7), frames.end(END_CAUSE_DURATION)]
    store.append(SESSION, RUN, sent)
    before = [batch.batch() for batch in store.read(SESSION, RUN)]
    store.seal_due()
    assert names(store) == ["000000000001.1.parquet", "000000000001.idx", "000000000001.parquet"]
    for old, new in zip(before, store.read(SESSION, RUN), strict=True):
        rows = new.batch()
        assert rows is old if old is None else old.equals(rows)


def test_delete_removes_every_byte(store: SegmentStore) -> None:
    finish(store, Frames())
    other = uuid4()
    store.append(other, RUN, [Frames().rows_of(1)])
    store.delete(SESSION)
    store.delete(uuid4())
    assert [path.name for path in store.root.iterdir()] == [str(other)]
    assert store.last_seq(SESSION, RUN) == 0
    assert store.seal_due() == 0


def test_a_damaged_segment_is_told_once(store: SegmentStore, caplog: pytest.LogCaptureFixture) -> None:
    frames = Frames()
    finish(store, frames)
    segment = folder(store) / "000000000001.seg"
    data = segment.read_bytes()
    segment.write_bytes(data[:20] + b"\0" + data[21:])
    for _ in range(3):
        assert store.seal_due() == 0
    assert [record.message for record in caplog.records if "left unsealed" in record.message] == [
        f"run {RUN} is left unsealed: 000000000001.seg is damaged before byte {len(frames_in(data)[0])}"
    ]


def frames_in(data: bytes) -> list[bytes]:
    return [frame.raw for _, frame in scan(BytesIO(data))]


def test_sealing_and_appending_at_once_do_not_meet(store: SegmentStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "SEGMENT_SECONDS", 0.0)
    frames = Frames()
    sent = [frames.rows_of(3) for _ in range(150)]
    done = threading.Event()

    def seal() -> None:
        while not done.is_set():
            store.seal_due()

    sealing = threading.Thread(target=seal)
    sealing.start()
    try:
        for frame in sent:
            store.append(SESSION, RUN, [frame])
    finally:
        done.set()
        sealing.join()
    assert store.index(SESSION, RUN).rows == 450
    assert not store.index(SESSION, RUN).holes

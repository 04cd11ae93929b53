from __future__ import annotations

import pyarrow as pa
import pytest

from proto.v1.stream_pb2 import END_CAUSE_DURATION, BatchHead, StreamSchema
from server.tracing.store import tails as tails_module
from server.tracing.store.layout import RunFolder
from server.tracing.store.sealing import numbered, seal
from server.tracing.store.tails import TAIL_BYTES, Tails
from server.tracing.store.writer import RunWriter
from tests.server.tracing.rows import EVENTS, SCHEMA, STACKS, TWO_STREAMS, Frames


def table(tails: Tails, folder: RunFolder, number: int = 0, stream: StreamSchema = EVENTS) -> pa.Table:
    return pa.table(tails.rows(folder.segments(), number, stream))


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of the batches that are decoded."""
    seen: list[int] = []

    def counted(batch: pa.RecordBatch, head: BatchHead) -> pa.Table:
        seen.append(head.seq)
        return numbered(batch, head)

    monkeypatch.setattr(tails_module, "numbered", counted)
    return seen


def test_each_stream_has_its_own_rows(folder: RunFolder) -> None:
    folder.pin(TWO_STREAMS)
    frames, tails = Frames(), Tails()
    RunWriter(folder).append([frames.rows_of(5), frames.stacks_of(2)])
    assert [table(tails, folder, n, stream).num_rows for n, stream in enumerate((EVENTS, STACKS))] == [5, 2]


def test_a_segment_that_has_just_begun_has_no_rows(folder: RunFolder) -> None:
    folder.path.mkdir(parents=True, exist_ok=True)
    folder.segment(1).touch()
    assert Tails().rows(folder.segments(), 0, EVENTS) is None


def test_only_what_was_appended_is_decoded(folder: RunFolder, decoded: list[int]) -> None:
    writer, frames, tails = RunWriter(folder), Frames(), Tails()
    for expected in ([1], [1, 2], [1, 2, 3]):
        writer.append([frames.rows_of(4)])
        assert table(tails, folder).num_rows == 4 * len(expected)
        assert decoded == expected


def test_what_memory_has_no_room_for_is_decoded_at_each_scan(folder: RunFolder, decoded: list[int]) -> None:
    frames = Frames()
    RunWriter(folder).append([frames.rows_of(4) for _ in range(5)])
    whole = table(Tails(), folder)
    decoded.clear()
    size = whole.nbytes // 5
    tails = Tails(max_bytes=2 * size + size // 2)
    rows = tails.rows(folder.segments(), 0, EVENTS)
    for scan in (1, 2):
        assert pa.table(rows).equals(whole)
        assert decoded == [1, 2, 3] + [3, 4, 5] * scan
    (held,) = tails._held.values()
    assert (len(held.batches), held.bytes <= 2 * size + size // 2) == (2, True)


def test_rows_stay_as_they_were_when_looked_at(folder: RunFolder) -> None:
    """Also while more come, and once their segment is sealed and gone."""
    writer, frames = RunWriter(folder), Frames()
    writer.append([frames.rows_of(5)])
    looked = [Tails(limit).rows(folder.segments(), 0, EVENTS) for limit in (0, TAIL_BYTES)]
    writer.append([frames.rows_of(6), frames.end(END_CAUSE_DURATION)])
    seal(folder, folder.segments()[0], SCHEMA)
    for rows in looked:
        assert [pa.table(rows)["_row"].to_pylist() for _ in range(2)] == [list(range(5))] * 2


def test_a_segment_that_was_rewritten_is_read_anew(folder: RunFolder) -> None:
    frames, tails = Frames(), Tails()
    first, second = frames.rows_of(4), frames.rows_of(5)
    RunWriter(folder).append([first, second])
    assert table(tails, folder).num_rows == 9
    folder.segments()[0].path.write_bytes(first)
    assert table(tails, folder).num_rows == 4


def test_memory_is_bounded_over_all_runs(folder: RunFolder) -> None:
    others = [RunFolder(folder.path.with_name(f"run-{n}")) for n in range(4)]
    for other in others:
        RunWriter(other).append([Frames().rows_of(10)])
    tails = Tails(max_bytes=2 * table(Tails(), others[0]).nbytes)
    assert [table(tails, other).num_rows for other in others] == [10] * 4
    assert [len(held.batches) for held in tails._held.values()] == [1, 1, 0, 0]


def test_rows_that_nobody_asks_for_make_room(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(tails_module, "monotonic", lambda: now[0])
    other = RunFolder(folder.path.with_name("another"))
    for one in (folder, other):
        RunWriter(one).append([Frames().rows_of(10)])
    tails = Tails(max_bytes=table(Tails(), folder).nbytes)
    table(tails, folder)
    table(tails, other)
    assert [key[0].parent for key, held in tails._held.items() if held.batches] == [folder.path]
    now[0] += tails_module.IDLE_SECONDS + 1
    table(tails, other)
    assert [key[0].parent for key, held in tails._held.items() if held.batches] == [other.path]


def test_rows_of_a_sealed_segment_make_room(folder: RunFolder) -> None:
    tails, frames = Tails(), Frames()
    RunWriter(folder).append([frames.rows_of(5), frames.end(END_CAUSE_DURATION)])
    other = RunFolder(folder.path.with_name("another"))
    RunWriter(other).append([Frames().rows_of(10)])
    table(tails, folder)
    seal(folder, folder.segments()[0], SCHEMA)
    table(tails, other)
    assert [key[0].parent for key in tails._held] == [other.path]


def test_nothing_of_a_deleted_session_stays_in_memory(folder: RunFolder) -> None:
    tails = Tails()
    RunWriter(folder).append([Frames().rows_of(5)])
    table(tails, folder)
    tails.forget(folder.path.parent.with_name("another"))
    assert tails._held
    tails.forget(folder.path.parent)
    assert not tails._held

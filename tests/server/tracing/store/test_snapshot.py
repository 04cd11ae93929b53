from __future__ import annotations

import pyarrow as pa
import pytest

from proto.v1.stream_pb2 import END_CAUSE_DURATION, BatchHead
from server.tracing.store import snapshot as snapshot_module
from server.tracing.store.layout import RunFolder
from server.tracing.store.sealing import numbered, seal
from server.tracing.store.snapshot import Tails
from server.tracing.store.writer import RunWriter
from tests.server.tracing.rows import EVENTS, SCHEMA, STACKS, TWO_STREAMS, Frames


def test_open_rows_are_the_tail_and_sealed_ones_are_files(folder: RunFolder) -> None:
    frames, tails = Frames(), Tails()
    RunWriter(folder).append([frames.rows_of(5), frames.rows_of(6), frames.end(END_CAUSE_DURATION)])
    opened = tails.snapshot(folder, 0, EVENTS)
    assert opened.sealed == []
    assert opened.tail is not None
    assert opened.tail["_seq"].to_pylist() == [1] * 5 + [2] * 6
    assert opened.tail["_row"].to_pylist() == list(range(11))
    seal(folder, folder.segments()[0], SCHEMA)
    sealed = tails.snapshot(folder, 0, EVENTS)
    assert ([file.path.name for file in sealed.sealed], sealed.tail) == (["000000000001.parquet"], None)


def test_each_stream_has_its_own_rows(folder: RunFolder) -> None:
    folder.pin(TWO_STREAMS)
    frames, tails = Frames(), Tails()
    RunWriter(folder).append([frames.rows_of(5), frames.stacks_of(2)])
    counts = [tails.snapshot(folder, n, stream).tail for n, stream in enumerate((EVENTS, STACKS))]
    assert [table.num_rows for table in counts if table is not None] == [5, 2]


def test_only_what_was_appended_is_decoded(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[int] = []

    def counted(batch: pa.RecordBatch, head: BatchHead) -> pa.Table:
        decoded.append(head.seq)
        return numbered(batch, head)

    monkeypatch.setattr(snapshot_module, "numbered", counted)
    writer, frames, tails = RunWriter(folder), Frames(), Tails()
    for expected in ([1], [1, 2], [1, 2, 3]):
        writer.append([frames.rows_of(4)])
        tail = tails.snapshot(folder, 0, EVENTS).tail
        assert tail is not None and tail.num_rows == 4 * len(expected)
        assert decoded == expected


def test_a_segment_that_was_rewritten_is_read_anew(folder: RunFolder) -> None:
    frames, tails = Frames(), Tails()
    first, second = frames.rows_of(4), frames.rows_of(5)
    RunWriter(folder).append([first, second])
    tails.snapshot(folder, 0, EVENTS)
    folder.segments()[0].path.write_bytes(first)
    tail = tails.snapshot(folder, 0, EVENTS).tail
    assert tail is not None and tail.num_rows == 4


def test_memory_is_bounded_over_all_runs(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    tails = Tails(max_bytes=1)
    others = [RunFolder(folder.path.with_name(f"run-{n}")) for n in range(4)]
    for other in others:
        RunWriter(other).append([Frames().rows_of(10)])
        assert tails.snapshot(other, 0, EVENTS).tail is not None
    assert len(tails._decoded) == 1


def test_a_removed_file_is_left_out(folder: RunFolder) -> None:
    frames = Frames()
    RunWriter(folder).append([frames.rows_of(5), frames.end(END_CAUSE_DURATION)])
    seal(folder, folder.segments()[0], SCHEMA)
    folder.parquet(1, 0).unlink()
    assert Tails().snapshot(folder, 0, EVENTS).sealed == []


def test_nothing_of_a_deleted_session_stays_in_memory(folder: RunFolder) -> None:
    tails = Tails()
    RunWriter(folder).append([Frames().rows_of(5)])
    tails.snapshot(folder, 0, EVENTS)
    tails.forget(folder.path.parent.with_name("another"))
    assert tails._decoded
    tails.forget(folder.path.parent)
    assert not tails._decoded

from __future__ import annotations

import pyarrow as pa

from proto.v1.stream_pb2 import END_CAUSE_DURATION
from server.tracing.store.layout import RunFolder
from server.tracing.store.sealing import seal
from server.tracing.store.snapshot import Snapshots
from server.tracing.store.writer import RunWriter
from tests.server.tracing.rows import EVENTS, SCHEMA, Frames


def test_open_rows_are_the_tail_and_sealed_ones_are_files(folder: RunFolder) -> None:
    frames, snapshots = Frames(), Snapshots()
    RunWriter(folder).append([frames.rows_of(5), frames.rows_of(6), frames.end(END_CAUSE_DURATION)])
    opened = snapshots.of(folder, 0, EVENTS)
    assert opened.sealed == []
    rows = pa.table(opened.tail)
    assert rows["_seq"].to_pylist() == [1] * 5 + [2] * 6
    assert rows["_row"].to_pylist() == list(range(11))
    seal(folder, folder.segments()[0], SCHEMA)
    sealed = snapshots.of(folder, 0, EVENTS)
    assert ([file.path.name for file in sealed.sealed], sealed.tail) == (["000000000001.parquet"], None)


def test_a_removed_file_is_left_out(folder: RunFolder) -> None:
    frames = Frames()
    RunWriter(folder).append([frames.rows_of(5), frames.end(END_CAUSE_DURATION)])
    seal(folder, folder.segments()[0], SCHEMA)
    folder.parquet(1, 0).unlink()
    assert Snapshots().of(folder, 0, EVENTS).sealed == []

from __future__ import annotations

import os
from collections.abc import Callable
from fcntl import LOCK_EX, flock
from pathlib import Path
from threading import Event
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from proto.frame import decode, encode
from proto.v1.stream_pb2 import END_CAUSE_DURATION, StreamSchema
from server.tracing.store import SegmentStore, sealing
from server.tracing.store.layout import RunFolder
from server.tracing.store.sealing import HaltedError, NotSealableError, seal
from server.tracing.store.writer import RunWriter
from tests.server.tracing.rows import BOOT, EVENTS, SCHEMA, TWO_STREAMS, Frames, batch, events, stream


def at_times(first: int, times: list[int]) -> pa.RecordBatch:
    """A batch whose rows carry these times."""
    rows = events(first, len(times))
    return rows.set_column(0, rows.schema.field(0), pa.array([BOOT + time for time in times], pa.int64()))


def filled(folder: RunFolder) -> list[bytes]:
    frames = Frames()
    sent = [frames.frame(at_times(0, [5, 50, 500]), 0, 3), frames.frame(at_times(3, [1, 40, 400, 4000]), 0, 4)]
    sent += [frames.rows_of(5), frames.end(END_CAUSE_DURATION)]
    RunWriter(folder).append(sent)
    return sent


def read(folder: RunFolder) -> list[dict[str, object]]:
    store = SegmentStore(folder.path.parent.parent)
    batches = [stored.batch() for stored in store.read(UUID(int=1), UUID(int=2))]
    return [row for rows in batches if rows is not None for row in rows.to_pylist()]


def test_rows_stand_by_time_and_batches_are_found_again(folder: RunFolder) -> None:
    filled(folder)
    before = read(folder)
    assert seal(folder, folder.segments()[0], SCHEMA)
    assert folder.segments()[0].sealed
    table = pq.read_table(folder.parquet(1, 0))
    time = table["time"].to_numpy()
    assert (np.diff(time) >= 0).all()
    assert table["_row"].to_pylist() != list(range(12)), "the batches overlap in time"
    assert read(folder) == before


class HaltAfter(Event):
    """Set once it was looked at so many times."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self._left = looks

    def is_set(self) -> bool:
        self._left -= 1
        return self._left < 0


@pytest.mark.parametrize("looks", [0, 1, 3])
def test_sealing_halts_between_batches_and_leaves_the_segment(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch, looks: int
) -> None:
    monkeypatch.setattr(sealing, "GROUP_ROWS", 4)
    filled(folder)
    before, files = read(folder), sorted(folder.path.iterdir())
    with pytest.raises(HaltedError):
        seal(folder, folder.segments()[0], SCHEMA, HaltAfter(looks))
    assert sorted(folder.path.iterdir()) == files
    assert seal(folder, folder.segments()[0], SCHEMA, HaltAfter(4))
    assert read(folder) == before


def test_groups_of_rows_hold_whole_batches(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "GROUP_ROWS", 4)
    filled(folder)
    before = read(folder)
    seal(folder, folder.segments()[0], SCHEMA)
    file = pq.ParquetFile(folder.parquet(1, 0))
    assert [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)] == [7, 5]
    assert read(folder) == before


class CrashError(Exception):
    """The process is gone."""


def crash(*_: object) -> None:
    raise CrashError


def crash_at_segment(path: Path, missing_ok: bool = False) -> None:
    if path.suffix == ".seg":
        raise CrashError
    os.remove(path)  # noqa: PTH107  (Path.unlink is what crashes here)


STEPS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "Parquet written": lambda patched: patched.setattr(sealing, "digest", crash),
    "Parquet published": lambda patched: patched.setattr(sealing, "replace_file", crash),
    "index published": lambda patched: patched.setattr("pathlib.Path.unlink", crash_at_segment),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_crash_at_any_step_loses_and_doubles_nothing(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    filled(folder)
    before = read(folder)
    with monkeypatch.context() as patched, pytest.raises(CrashError):
        STEPS[step](patched)
        seal(folder, folder.segments()[0], SCHEMA)
    assert (folder.path / "000000000001.seg").exists()
    assert read(folder) == before
    assert seal(folder, folder.segments()[0], SCHEMA)
    assert read(folder) == before
    names = sorted(path.name for path in folder.path.iterdir())
    assert names == ["000000000001.idx", "000000000001.parquet", "schema.pb"]


def test_what_a_crashed_process_left_half_written_goes(folder: RunFolder) -> None:
    filled(folder)
    (folder.path / "000000000001.4711.part").write_bytes(b"half")
    seal(folder, folder.segments()[0], SCHEMA)
    assert not list(folder.path.glob("*.part"))


def test_a_damaged_segment_is_left_as_evidence(folder: RunFolder) -> None:
    first, second, *rest = filled(folder)
    segment = folder.segments()[0]
    for damaged in (first + b"\0" + second[1:] + b"".join(rest), first + b"".join(rest)):
        segment.path.write_bytes(damaged)
        with pytest.raises(NotSealableError):
            seal(folder, segment, SCHEMA)
        assert segment.path.read_bytes() == damaged
        assert not list(folder.path.glob("*.parquet")) and not list(folder.path.glob("*.part"))


def test_only_one_process_seals(folder: RunFolder) -> None:
    filled(folder)
    segment = folder.segments()[0]
    with segment.path.open("rb") as other:
        flock(other, LOCK_EX)
        assert not seal(folder, segment, SCHEMA)
    assert seal(folder, segment, SCHEMA)
    assert not seal(folder, segment, SCHEMA)


def test_a_batch_that_lies_about_its_rows_is_not_sealed(folder: RunFolder) -> None:
    frames = Frames()
    lying = frames.frame(events(0, 3), 0, 3)
    frame = decode(lying)
    frame.head.rows = 4
    RunWriter(folder).append([encode(frame.head, frame.body)])
    with pytest.raises(NotSealableError, match="says 4 rows and holds 3"):
        seal(folder, folder.segments()[0], SCHEMA)


def test_a_stream_without_a_time_column_keeps_its_order(folder: RunFolder) -> None:
    columns = [column for column in EVENTS.columns if column.name in ("pid", "path")]
    timeless: StreamSchema = stream("events", EVENTS.kind, columns)
    schema = type(SCHEMA)(streams=[timeless])
    folder.pin(schema)
    frames = Frames()
    rows = batch(timeless, [pa.array([3, 1, 2], pa.uint32()), pa.array([b"c", b"a", b"b"], pa.binary())])
    RunWriter(folder).append([frames.frame(rows, 0, 3)])
    before = read(folder)
    assert seal(folder, folder.segments()[0], schema)
    assert read(folder) == before


def test_what_repeats_is_written_once(folder: RunFolder) -> None:
    """Functions in stacks too, and no number that only rises."""
    frames = Frames()
    RunWriter(folder).append([frames.rows_of(9), frames.stacks_of(9), frames.end(END_CAUSE_DURATION)])
    seal(folder, folder.segments()[0], TWO_STREAMS)
    for number in (0, 1):
        group = pq.ParquetFile(folder.parquet(1, number)).metadata.row_group(0)
        columns = [group.column(place) for place in range(group.num_columns)]
        shared = [column.path_in_schema for column in columns if "RLE_DICTIONARY" in column.encodings]
        rising = [column.path_in_schema for column in columns if column.path_in_schema not in shared]
        assert rising == ["time", "_row"]
        assert ("stack.list.element" in shared) == (number == 1)

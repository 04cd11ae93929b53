"""Ring records become rows in the order of time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from agent.runner.readers import events as module
from agent.runner.readers import watermark
from agent.runner.readers.events import EventsReader, RingSource, record_dtype
from proto.v1 import tool_pb2 as pb

COLUMNS = [
    pb.Column(name="time", type=pb.CTYPE_S64, role=pb.ROLE_TIME),
    pb.Column(name="pid", type=pb.CTYPE_U32),
    pb.Column(name="comm", type=pb.CTYPE_CHAR, size=16),
    pb.Column(name="path", type=pb.CTYPE_STRING, classes=[8, 512]),
]
Row = tuple[int, int, bytes, bytes]


class FakeRing:
    made: list[FakeRing] = []

    def __init__(self, _fd: int, _bytes: int, record: np.dtype[np.void]) -> None:
        self.dtype, self.stride = record, record.itemsize
        self.records = np.empty(0, record)
        self.produced = self.consumed = 0
        FakeRing.made.append(self)

    def put(self, rows: list[Row]) -> None:
        self.produced += len(rows)
        self.records = np.zeros(len(rows), self.dtype)
        for record, (time, pid, comm, path) in zip(self.records, rows, strict=True):
            record["time"], record["pid"], record["comm"] = time, pid, np.void(comm.ljust(16, b"\0"))
            slot = self.dtype["path"].itemsize
            record["path"] = np.void((len(path).to_bytes(4, "little") + path).ljust(slot, b"\0"))

    def read(self, sink: Callable[[np.ndarray], None], room: int) -> int:
        given, self.records = self.records[:room], self.records[room:]
        for start in range(0, len(given), 2):  # as the wrap and the largest stretch cut it
            sink(given[start : start + 2])
        self.consumed += len(given)
        return len(given)

    def close(self) -> None: ...


@pytest.fixture
def rings(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[FakeRing]]:
    monkeypatch.setattr(module, "RingReader", FakeRing)
    FakeRing.made = []
    yield FakeRing.made


def rows(reader: EventsReader) -> list[Row]:
    batches = list(reader.take(final=False))
    return [tuple(row.values()) for batch in batches for row in batch.to_pylist()]


def test_a_record_is_the_fixed_part_the_length_and_the_slot() -> None:
    dtype = record_dtype(COLUMNS, 8)
    assert (dtype.itemsize, dtype.names) == (40, ("time", "comm", "pid", "path"))
    assert dict(dtype.fields or {})["path"][1] == 28  # where C has path_len, with the slot behind it


def test_rows_of_all_size_classes_are_merged_by_time(rings: list[FakeRing]) -> None:
    reader = EventsReader(0, COLUMNS, [RingSource(1, 4096), RingSource(2, 4096)], str)
    long = b"x" * 300
    rings[0].put([(10, 1, b"a", b"/a"), (30, 2, b"b", b""), (20, 1, b"a", b"/a")])
    rings[1].put([(15, 3, b"c", long), (40, 3, b"c", b"y" * 9)])
    assert reader.drain() > 0
    assert reader.drain() == 0
    assert rows(reader) == [
        (10, 1, b"a", b"/a"),
        (15, 3, b"c", long),
        (20, 1, b"a", b"/a"),
        (30, 2, b"b", b""),
        (40, 3, b"c", b"y" * 9),
    ]
    assert rows(reader) == []


def test_batches_have_a_largest_size(rings: list[FakeRing], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH_ROWS", 4)
    reader = EventsReader(0, COLUMNS, [RingSource(1, 4096), RingSource(2, 4096)], str)
    rings[0].put([(number, number, b"", b"/p%d" % number) for number in range(10)])
    reader.drain()
    batches = list(reader.take(final=False))
    assert [batch.num_rows for batch in batches] == [4, 4, 2]
    assert [row["path"] for batch in batches for row in batch.to_pylist()] == [b"/p%d" % n for n in range(10)]


def test_a_full_buffer_takes_no_more_until_it_is_given_out(
    rings: list[FakeRing], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BUFFER_BYTES", 4 * record_dtype(COLUMNS, 8).itemsize)
    reader = EventsReader(0, COLUMNS, [RingSource(1, 4096), RingSource(2, 4096)], str)
    rings[0].put([(number, 1, b"", b"") for number in range(6)])
    reader.drain()
    reader.drain()
    assert reader.waiting() == module.BUFFER_BYTES
    assert [row[0] for row in rows(reader)] == [0, 1, 2, 3]
    reader.drain()
    assert [row[0] for row in rows(reader)] == [4, 5]


def test_a_row_waits_until_what_was_before_it_in_another_ring_is_here(
    rings: list[FakeRing], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = iter([15, 50])
    monkeypatch.setattr(watermark, "boot_ns", lambda: next(now))
    reader = EventsReader(0, COLUMNS, [RingSource(1, 4096), RingSource(2, 4096)], str)
    rings[0].put([(10, 1, b"a", b"1")])
    rings[1].put([(12, 1, b"a", b"2" * 9), (40, 1, b"a", b"4" * 9)])  # after the 30 below, which was missed
    reader.drain()
    assert [row[0] for row in rows(reader)] == [10, 12]
    rings[0].put([(30, 1, b"a", b"3")])
    reader.drain()
    assert [row[0] for row in rows(reader)] == [30, 40]


def test_a_record_in_the_making_holds_back_what_came_after_it(
    rings: list[FakeRing], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = iter([20, 30])
    monkeypatch.setattr(watermark, "boot_ns", lambda: next(now))
    reader = EventsReader(0, COLUMNS, [RingSource(1, 4096), RingSource(2, 4096)], str)
    rings[0].produced += 1  # not readable yet
    rings[1].put([(10, 1, b"a", b"2" * 9)])
    reader.drain()
    assert rows(reader) == []
    rings[0].produced -= 1
    rings[0].put([(5, 1, b"a", b"1")])
    reader.drain()
    assert [row[0] for row in rows(reader)] == [5, 10]


def test_at_the_end_nothing_is_held_back(rings: list[FakeRing], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watermark, "boot_ns", lambda: 0)
    reader = EventsReader(0, COLUMNS, [RingSource(1, 4096), RingSource(2, 4096)], str)
    rings[0].put([(10, 1, b"a", b"1")])
    reader.drain()
    assert rows(reader) == []
    assert [batch.num_rows for batch in reader.take(final=True)] == [1]


def test_the_container_comes_of_the_control_group(rings: list[FakeRing]) -> None:
    group = pb.Column(name="cgroup", type=pb.CTYPE_U64, unit=pb.UNIT_CGROUP)
    container = pb.Column(name="container", type=pb.CTYPE_NAME, unit=pb.UNIT_CONTAINER)
    reader = EventsReader(0, [COLUMNS[0], group, container], [RingSource(1, 4096)], str, containers=lambda n: f"c{n}")
    rings[0].records = np.array([(2, 7), (1, 9), (3, 7)], rings[0].dtype)
    reader.drain()
    (batch,) = reader.take(final=False)
    assert [tuple(row.values()) for row in batch.to_pylist()] == [(1, 9, "c9"), (2, 7, "c7"), (3, 7, "c7")]

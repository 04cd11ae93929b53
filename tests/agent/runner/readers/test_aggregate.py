"""Cumulative maps become rows of what was added."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.clock import boot_ns
from agent.runner.readers import aggregate as module
from agent.runner.readers.aggregate import AggregateReader, AggregateSource, added_since
from agent.runner.readers.maps import MapContent
from proto.v1 import tool_pb2 as pb

COLUMNS = [
    pb.Column(name="time", type=pb.CTYPE_S64, role=pb.ROLE_TIME),
    pb.Column(name="pid", type=pb.CTYPE_U32, role=pb.ROLE_KEY),
    pb.Column(name="comm", type=pb.CTYPE_CHAR, size=16, role=pb.ROLE_KEY),
    pb.Column(name="call", type=pb.CTYPE_NAME, role=pb.ROLE_KEY),
    pb.Column(name="count", type=pb.CTYPE_U64, role=pb.ROLE_MEASURE),
]


def content(totals: dict[bytes, int]) -> MapContent:
    keys = np.frombuffer(b"".join(key.ljust(24, b"\0") for key in totals), "S24")
    return MapContent(keys, np.array([[value] for value in totals.values()], np.uint64).reshape(len(totals), 1))


@given(st.lists(st.dictionaries(st.binary(min_size=24, max_size=24), st.integers(1, 1000), max_size=8), max_size=6))
def test_what_is_added_in_all_intervals_is_the_total(intervals: list[dict[bytes, int]]) -> None:
    totals: dict[bytes, int] = {}
    seen: dict[bytes, int] = {}
    before = content({})
    for interval in intervals:
        for key, value in interval.items():
            totals[key] = totals.get(key, 0) + value
        # The kernel gives keys in the order of its buckets, which grows new ones in between.
        after = content(dict(sorted(totals.items(), reverse=len(totals) % 2 == 0)))
        keys, added = added_since(before, after)
        found = {key.ljust(24, b"\0"): int(value[0]) for key, value in zip(keys.tolist(), added, strict=True)}
        assert found == interval
        for key, value in found.items():
            seen[key] = seen.get(key, 0) + value
        before = after
    assert seen == totals


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> list[MapContent]:
    contents: list[MapContent] = []

    class FakeMap:
        def __init__(self, *_: int) -> None: ...

        def read(self) -> MapContent:
            return contents[-1]

    monkeypatch.setattr(module, "PercpuHash", FakeMap)
    return contents


def key(comm: bytes, pid: int, call: int) -> bytes:
    return comm.ljust(16, b"\0") + pid.to_bytes(4, "little") + call.to_bytes(4, "little")


def test_rows_carry_key_name_time_and_the_added_count(kernel: list[MapContent]) -> None:
    reader = AggregateReader(0, COLUMNS, AggregateSource(-1, 10, 10**18), lambda index: f"call{index}")
    kernel.append(content({key(b"sh", 7, 3): 5, key(b"cat", 8, 4): 1}))
    assert list(reader.take(final=False)) == []  # the interval is not over
    start = boot_ns()
    rows = next(reader.take(final=True)).to_pylist()
    assert [(row["pid"], row["comm"], row["call"], row["count"]) for row in rows] == [
        (7, b"sh", "call3", 5),
        (8, b"cat", "call4", 1),
    ]
    assert start <= rows[0]["time"] == rows[1]["time"] <= boot_ns()
    kernel.append(content({key(b"sh", 7, 3): 5, key(b"cat", 8, 4): 11}))
    assert [(row["pid"], row["count"]) for row in next(reader.take(final=True)).to_pylist()] == [(8, 10)]
    assert list(reader.take(final=True)) == []


def test_an_interval_that_is_over_gives_rows_on_time(kernel: list[MapContent]) -> None:
    reader = AggregateReader(0, COLUMNS, AggregateSource(-1, 10, 1), str)
    kernel.append(content({key(b"sh", 7, 3): 5}))
    assert sum(batch.num_rows for batch in reader.take(final=False)) == 1

"""Counts, bytes and times of requests that a workload made to a disk of its own."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.agent.runner.disk import DO, READS, THEN, WRITES, loop_disk
from tests.agent.runner.traced import trace_statements

pytestmark = pytest.mark.kernel

READ, WRITE = 0, 1
REQUESTS = len(READS) + len(WRITES)


def trace(folder: Path, **params: str) -> tuple[str, list[int], list[dict[str, Any]]]:
    """The disk's name, the time of each call by the workload's own clock, and the rows."""
    with loop_disk(folder) as (device, _):
        traced = trace_statements("biolatency", DO.format(disk=str(device)), THEN, params)
        return device.name, [int(line) for line in traced.said.split()], traced.rows


def summed(rows: list[dict[str, Any]], measure: str) -> int:
    return sum(row[measure] for row in rows)


@pytest.mark.parametrize("queued", ["false", "true"])
def test_counts_and_bytes_and_no_more_time_than_the_calls_took(tmp_path: Path, queued: str) -> None:
    _, own, rows = trace(tmp_path, queued=queued)
    assert summed(rows, "requests") == len(own) == REQUESTS
    assert summed(rows, "bytes") == sum(size for _, size in READS + WRITES)
    assert 0 < summed(rows, "total") <= sum(own)
    for row in rows:
        assert row["requests"] << row["slot"] <= row["total"] < row["requests"] << (row["slot"] + 1)
    assert set(rows[0]) == {"time", "slot", "requests", "total", "bytes"}


def test_by_kind_of_request(tmp_path: Path) -> None:
    disk, own, rows = trace(tmp_path, by="operation")
    counts: Counter[int] = Counter()
    for row in rows:
        counts[row["op"]] += row["requests"]
    assert counts == {READ: len(READS), WRITE: len(WRITES)}
    assert {row["disk"].decode() for row in rows} == {disk}
    assert summed([row for row in rows if row["op"] == READ], "total") <= sum(own[: len(READS)])


def test_by_disk(tmp_path: Path) -> None:
    disk, _, rows = trace(tmp_path, by="disk")
    assert {row["disk"].decode() for row in rows} == {disk}
    assert summed(rows, "requests") == REQUESTS
    assert "op" not in rows[0]

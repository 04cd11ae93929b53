"""Counts, bytes and times of requests that a workload made to a disk of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.agent.runner.children import CHILDREN, trace_children
from tests.agent.runner.disk import DO, READS, THEN, WRITES, loop_disk
from tests.agent.runner.traced import Traced, trace_statements

pytestmark = pytest.mark.kernel

READ, WRITE = 0, 1
REQUESTS = len(READS) + len(WRITES)
MANY = 10_007


def trace(folder: Path, **params: str) -> tuple[str, list[int], Traced]:
    """The disk's name, the time of each call by the workload's own clock, and what came of it."""
    with loop_disk(folder) as (device, _):
        traced = trace_statements("biolatency", DO.format(disk=str(device)), THEN, params)
        return device.name, [int(line) for line in traced.said.split()], traced


def summed(rows: list[dict[str, Any]], measure: str) -> int:
    return sum(row[measure] for row in rows)


def check_count(traced: Traced, requests: int, size: int) -> None:
    found = summed(traced.rows, "requests")
    assert found <= requests <= found + traced.hidden
    if found == requests:
        assert summed(traced.rows, "bytes") == size


@pytest.mark.proves("values", "times")
@pytest.mark.parametrize("queued", ["false", "true"])
def test_counts_and_bytes_and_no_more_time_than_the_calls_took(tmp_path: Path, queued: str) -> None:
    _, own, traced = trace(tmp_path, queued=queued)
    check_count(traced, REQUESTS, sum(size for _, size in READS + WRITES))
    assert 0 < summed(traced.rows, "total") <= sum(own)
    for row in traced.rows:
        assert row["requests"] << row["slot"] <= row["total"] < row["requests"] << (row["slot"] + 1)
    assert set(traced.rows[0]) == {"time", "slot", "requests", "total", "bytes"}


@pytest.mark.proves("rows")
def test_ten_thousand_requests_are_counted_or_on_the_books(tmp_path: Path) -> None:
    then = f"for n in range({MANY}): os.preadv(fd, [memory[:4096]], n % 4096 * 4096)"
    with loop_disk(tmp_path) as (device, _):
        check_count(trace_statements("biolatency", DO.format(disk=str(device)), then), MANY, MANY * 4096)


def test_by_kind_of_request(tmp_path: Path) -> None:
    disk, own, traced = trace(tmp_path, by="operation")
    for op, asked in ((READ, READS), (WRITE, WRITES)):
        found = summed([row for row in traced.rows if row["op"] == op], "requests")
        assert found <= len(asked) <= found + traced.hidden
    assert {row["op"] for row in traced.rows} == {READ, WRITE}
    assert {row["disk"].decode() for row in traced.rows} == {disk}
    assert summed([row for row in traced.rows if row["op"] == READ], "total") <= sum(own[: len(READS)])


def test_by_disk(tmp_path: Path) -> None:
    disk, _, traced = trace(tmp_path, by="disk")
    assert {row["disk"].decode() for row in traced.rows} == {disk}
    check_count(traced, REQUESTS, sum(size for _, size in READS + WRITES))
    assert "op" not in traced.rows[0]


@pytest.mark.proves("threads", "children", "namespaces")
def test_both_threads_of_children_that_die_at_once_one_in_a_pid_namespace_of_its_own(tmp_path: Path) -> None:
    with loop_disk(tmp_path) as (device, _):
        before = DO.format(disk=str(device)) + "\ndef act(): os.preadv(fd, [memory[:4096]], 0)"
        _, rows, hidden = trace_children("biolatency", before, {"by": "operation"}, threads=True)
        own = [row for row in rows if row["disk"].decode() == device.name]
    found = summed(own, "requests")
    assert found <= 2 * CHILDREN <= found + hidden
    assert {row["op"] for row in own} == {READ}

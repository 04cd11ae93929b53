"""Each request that a workload made to a disk of its own, in its place and within its time."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest

from proto.v1.agent_pb2 import Filters
from tests.agent.runner.disk import DO, READS, THEN, WRITES, loop_disk
from tests.agent.runner.harness import Run
from tests.agent.runner.traced import Traced, trace_statements
from tests.workloads.spawn import workload

pytestmark = pytest.mark.kernel

READ, WRITE = 0, 1
SECTOR = 512


def trace(folder: Path, then: str, **params: str) -> tuple[str, Traced]:
    """The disk's name, and what came of it."""
    with loop_disk(folder) as (device, _):
        return device.name, trace_statements("biosnoop", DO.format(disk=str(device)), then, params)


def test_every_request_in_order_with_its_place_and_size(tmp_path: Path) -> None:
    disk, traced = trace(tmp_path, THEN)
    asked = [(READ, *request) for request in READS] + [(WRITE, *request) for request in WRITES]
    assert [(row["op"], row["sector"] * SECTOR, row["bytes"]) for row in traced.rows] == asked
    assert {(row["pid"], row["tid"], row["disk"].decode()) for row in traced.rows} == {(traced.pid, traced.pid, disk)}
    assert {(row["comm"], row["error"]) for row in traced.rows} == {(b"python", 0)}


def test_a_request_takes_no_longer_than_the_call_that_made_it(tmp_path: Path) -> None:
    _, traced = trace(tmp_path, THEN)
    own = [int(line) for line in traced.said.split()]
    assert len(own) == len(traced.rows) == len(READS) + len(WRITES)
    for row, took in zip(traced.rows, own, strict=True):
        assert 0 < row["latency"] <= row["queued"] + row["latency"] <= took


def test_a_flush_is_a_write_of_nothing(tmp_path: Path) -> None:
    _, traced = trace(tmp_path, "os.fsync(fd)")
    assert [(row["op"], row["bytes"]) for row in traced.rows] == [(WRITE, 0)]


def test_a_request_that_fails_says_why(tmp_path: Path) -> None:
    then = """
try: os.preadv(fd, [memory[:4096]], 1 << 20)
except OSError as error: print(error.errno)
"""
    with loop_disk(tmp_path) as (device, image):
        with image.open("r+b") as file:
            file.truncate(4096)
        traced = trace_statements("biosnoop", DO.format(disk=str(device)), then)
    assert int(traced.said) == errno.EIO
    assert [row["error"] for row in traced.rows][-1:] == [errno.EIO]


def test_fast_requests_are_left_out(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = trace(tmp_path, THEN, min_latency="100s")[1].rows
    assert rows == []


def test_the_variant_for_older_kernels_sees_the_same_requests(tmp_path: Path) -> None:
    with (
        loop_disk(tmp_path) as (device, _),
        workload("statements.py", DO.format(disk=str(device)), THEN) as target,
        Run("biosnoop", {}, Filters(pid=target.pid), variant="insert") as run,
    ):
        target.go()
        target.finish()
        run.wait()
        run.check_books()
        rows = run.rows()
    asked = [(READ, *request) for request in READS] + [(WRITE, *request) for request in WRITES]
    assert [(row["op"], row["sector"] * SECTOR, row["bytes"]) for row in rows] == asked

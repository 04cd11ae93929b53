"""Each request that a workload made to a disk of its own, in its place and within its time."""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.agent.runner.children import check_threads, trace_children
from tests.agent.runner.disk import DO, READS, THEN, WRITES, loop_disk
from tests.agent.runner.traced import Traced, trace_statements

pytestmark = pytest.mark.kernel

READ, WRITE = 0, 1
SECTOR = 512
MANY = 10_007


def trace(folder: Path, then: str, variant: str = "", **params: str) -> tuple[str, Traced]:
    """The disk's name, and what came of it there: pages of the workload's own program may be read from another one."""
    with loop_disk(folder) as (device, _):
        before = DO.format(disk=str(device))
        traced = trace_statements("biosnoop", before, then, params, variant=variant)
    rows = [row for row in traced.rows if row["disk"] == device.name.encode()]
    return device.name, replace(traced, streams=[rows])


def places(traced: Traced) -> list[tuple[int, int, int]]:
    return [(row["op"], row["sector"] * SECTOR, row["bytes"]) for row in traced.rows]


ASKED = [(READ, *request) for request in READS] + [(WRITE, *request) for request in WRITES]


@pytest.mark.proves("values")
def test_every_request_in_order_with_its_place_and_size(tmp_path: Path) -> None:
    disk, traced = trace(tmp_path, THEN)
    traced.check_events(places(traced), ASKED)
    assert {(row["pid"], row["tid"], row["disk"].decode()) for row in traced.rows} == {(traced.pid, traced.pid, disk)}
    assert {(row["comm"], row["error"]) for row in traced.rows} == {(b"python", 0)}


@pytest.mark.proves("times")
def test_a_request_takes_no_longer_than_the_call_that_made_it(tmp_path: Path) -> None:
    _, traced = trace(tmp_path, THEN)
    own = dict(zip(ASKED, map(int, traced.said.split()), strict=True))
    for place, row in zip(places(traced), traced.rows, strict=True):
        assert 0 < row["latency"] <= row["queued"] + row["latency"] <= own[place]


@pytest.mark.proves("rows")
def test_ten_thousand_requests_are_rows_or_on_the_books(tmp_path: Path) -> None:
    _, traced = trace(tmp_path, f"for n in range({MANY}): os.preadv(fd, [memory[:4096]], n % 4096 * 4096)")
    traced.check_events(places(traced), [(READ, n % 4096 * 4096, 4096) for n in range(MANY)])


def test_a_flush_is_a_write_of_nothing(tmp_path: Path) -> None:
    _, traced = trace(tmp_path, "os.fsync(fd)")
    traced.check_events([(row["op"], row["bytes"]) for row in traced.rows], [(WRITE, 0)])


@pytest.mark.proves("errno")
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
    _, traced = trace(tmp_path, THEN, variant="insert")
    traced.check_events(places(traced), ASKED)


@pytest.mark.proves("threads", "children", "namespaces", "names")
def test_both_threads_of_children_that_die_at_once_one_in_a_pid_namespace_of_its_own(tmp_path: Path) -> None:
    with loop_disk(tmp_path) as (device, _):
        before = DO.format(disk=str(device)) + "\ndef act(): os.preadv(fd, [memory[:4096]], 0)"
        children = trace_children("biosnoop", before, threads=True)
        rows = [row for row in children.rows if row["disk"] == device.name.encode()]
    check_threads(children._replace(rows=rows))
    assert {row["bytes"] for row in rows} == {4096}
    assert 2 * len(children.pids) - len(rows) in range(children.hidden + 1)

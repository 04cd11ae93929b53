"""Waits whose length and way the workload knows, and whose number the kernel counts as well."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from proto.v1.agent_pb2 import Filters
from tests.agent.runner.children import trace_children
from tests.agent.runner.waits import LEFT, MS, RIGHT, trace_waits
from tests.workloads.compiled import build

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("waits.c", tmp_path_factory.mktemp("workload"))


def total(rows: list[dict[str, Any]], measure: str, *frames: str) -> int:
    """Of the stacks that hold all of these frames."""
    return sum(row[measure] for row in rows if set(frames) <= set(row["stack"]))


@pytest.mark.proves("values", "times")
@pytest.mark.parametrize("variant", ["sched", "tracepoint"])
def test_the_waits_of_each_path(program: Path, variant: str) -> None:
    traced = trace_waits(program, "offcputime", {"waits": "blocked"}, variant=variant)
    rows, figures, hidden = traced.rows, traced.figures, traced.unseen + traced.blind
    assert {(row["pid"], row["comm"]) for row in rows} == {(traced.pid, b"waits")}
    for path, times, own, least in (("wait_left", LEFT, figures.left, 11), ("wait_right", RIGHT, figures.right, 23)):
        frames = (path, "do_nanosleep_[k]")
        found = total(rows, "waits", *frames)
        assert found <= times <= found + hidden
        assert found * least * MS <= total(rows, "duration", *frames) <= own
        if found == times:
            assert total(rows, "duration", *frames) >= 0.95 * own - figures.queued, traced
    for row in rows:
        halves = [frame.endswith("_[k]") for frame in row["stack"]]
        assert halves == sorted(halves), "the program's frames come before the kernel's"


@pytest.mark.proves("rows")
@pytest.mark.parametrize("variant", ["sched", "tracepoint"])
def test_as_many_waits_as_the_kernel_counts(program: Path, variant: str) -> None:
    """But for the last, which has not ended; the workload sleeps when the run ends."""
    traced = trace_waits(program, "offcputime", {"waits": "blocked", "min_wait": "0ns"}, variant=variant)
    assert total(traced.rows, "waits") + traced.unseen == traced.figures.voluntary - 1, traced


def test_being_pushed_off_is_no_blocking(program: Path) -> None:
    traced = trace_waits(program, "offcputime", {"waits": "runnable", "min_wait": "0ns"})
    rows, figures = traced.rows, traced.figures
    assert figures.pushed_off > 0
    assert total(rows, "waits") + traced.unseen == figures.pushed_off, traced
    if figures.clocked == figures.switches:
        assert total(rows, "waits", "do_nanosleep_[k]") == 0
        assert 0 < total(rows, "duration") <= figures.queued * 1.1 + 2 * MS, traced


def test_short_waits_are_left_out(program: Path) -> None:
    traced = trace_waits(program, "offcputime", {"waits": "blocked", "min_wait": "20ms"})
    found = total(traced.rows, "waits", "wait_right")
    assert found <= RIGHT <= found + traced.unseen
    assert total(traced.rows, "duration") >= total(traced.rows, "waits") * 20 * MS


def test_only_the_half_that_was_asked_for(program: Path) -> None:
    for half, is_kernel in (("user", False), ("kernel", True)):
        rows = trace_waits(program, "offcputime", {"stacks": half}).rows
        frames = {frame for row in rows for frame in row["stack"]} - {"[no stack]"}
        assert frames
        assert {frame.endswith("_[k]") for frame in frames} == {is_kernel}


def test_only_threads_of_the_name_that_was_meant(program: Path) -> None:
    traced = trace_waits(program, "offcputime", filters=Filters(comm="wait"))
    assert (traced.rows, traced.unseen) == ([], 0)
    traced = trace_waits(program, "offcputime", filters=Filters(comm="waits"))
    if not traced.unseen:
        assert total(traced.rows, "duration") >= 0.9 * (traced.figures.left + traced.figures.right), traced


@pytest.mark.proves("threads", "children", "namespaces", "names")
def test_both_threads_of_children_that_die_at_once_one_in_a_pid_namespace_of_its_own() -> None:
    """Each sleeps once; a process waits besides for its second thread."""
    before = "import time\ndef act(): time.sleep(0.003)"
    pids, rows, hidden = trace_children("offcputime", before, {"waits": "blocked", "min_wait": "2ms"}, threads=True)
    found = total(rows, "waits", "do_nanosleep_[k]")
    assert found <= 2 * len(pids) <= found + hidden
    assert {row["pid"] for row in rows} <= set(pids)
    assert total(rows, "duration", "do_nanosleep_[k]") >= found * 3 * MS

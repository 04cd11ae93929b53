"""Shares of CPU time that are known by construction, found again in the samples."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from proto.v1.agent_pb2 import Filters
from tests.agent.runner.children import trace_children
from tests.agent.runner.harness import Run
from tests.workloads.compiled import build, running

pytestmark = pytest.mark.kernel

SECONDS = 3
FREQUENCY = 997
CHAIN = ["main", "chain_outer"]


def trace_chain(folder: Path, *flags: str) -> tuple[int, float, list[dict[str, Any]]]:
    """The workload's pid, the seconds of CPU time that it used, and the rows of a run that saw all of it."""
    params = {"frequency": str(FREQUENCY)}
    program = build("chain.c", folder, *flags)
    with running(program, SECONDS) as work, Run("profile", params, Filters(pid=work.pid)) as run:
        work.go()
        run.wait()
        run.check_books()
        assert run.lost() == {}
        return work.pid, int(work.finish()) / 1000, run.rows()


def samples_below(rows: list[dict[str, Any]], frames: list[str]) -> int:
    return sum(row["samples"] for row in rows if contains(row["stack"], frames))


def contains(stack: list[str], frames: list[str]) -> bool:
    return any(stack[at : at + len(frames)] == frames for at in range(len(stack)))


@pytest.mark.proves("rows", "values")
def test_a_chain_whose_time_splits_30_to_70(tmp_path: Path) -> None:
    pid, cpu_seconds, rows = trace_chain(tmp_path)
    left, right = (samples_below(rows, [*CHAIN, f"chain_{side}", "spin"]) for side in ("left", "right"))
    total = sum(row["samples"] for row in rows)
    assert {(row["pid"], row["comm"]) for row in rows} == {(pid, b"chain")}
    assert left / (left + right) == pytest.approx(0.30, abs=0.03)
    assert (left + right) / total > 0.95
    assert total == pytest.approx(FREQUENCY * cpu_seconds, rel=0.2)


def test_only_the_half_that_was_asked_for() -> None:
    code = "import os\nwhile os.read(0, 65536): pass"
    with Path("/dev/zero").open("rb") as zero:
        reader = subprocess.Popen([sys.executable, "-S", "-c", code], stdin=zero)
    frames: dict[str, set[str]] = {}
    try:
        for half in ("kernel", "user", "both"):
            with Run("profile", {"frequency": str(FREQUENCY), "stacks": half}, Filters(pid=reader.pid)) as run:
                run.wait_for(FREQUENCY // 5)
                run.stop()
                run.wait()
                frames[half] = {frame for row in run.rows() for frame in row["stack"]} - {"[no stack]"}
    finally:
        reader.kill()
        reader.wait()
    kernel = {half: {name for name in names if name.endswith("_[k]")} for half, names in frames.items()}
    assert frames["kernel"] == kernel["kernel"] != set()
    assert kernel["user"] == set() != frames["user"]
    assert set() < kernel["both"] < frames["both"]


def test_a_stripped_program_is_said_to_be_so(tmp_path: Path) -> None:
    _, _, rows = trace_chain(tmp_path, "-s")
    leaves = Counter(row["stack"][-1].split("+")[0] for row in rows)
    assert leaves.most_common(1)[0][0] == "chain"


def test_a_process_that_sleeps_is_not_sampled() -> None:
    sleeper = subprocess.Popen(["sleep", "60"])
    try:
        with Run("profile", {"frequency": "99"}, Filters(pid=sleeper.pid)) as run:
            run.receive(5)
            run.stop()
            run.wait()
            assert sum(row["samples"] for row in run.rows()) == 0
    finally:
        sleeper.kill()
        sleeper.wait()


@pytest.mark.proves("threads", "children", "namespaces", "names")
def test_both_threads_of_children_that_die_at_once_one_in_a_pid_namespace_of_its_own() -> None:
    before = """
import time
def act():
    end = time.thread_time() + 0.02
    while time.thread_time() < end: pass
"""
    pids, rows, _ = trace_children("profile", before, {"frequency": str(FREQUENCY)}, threads=True)
    assert {row["pid"] for row in rows} == set(pids)
    assert sum(row["samples"] for row in rows) >= 0.8 * FREQUENCY * 2 * 0.02 * len(pids)

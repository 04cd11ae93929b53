"""Counts equal those that a workload made; times agree with its own sleeps."""

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

GETPPID, FAILED, SLEEPS = 100_003, 10_007, 101
MS = 1_000_000
# Under a name of its own, which its children have too.
FORK_AND_WAIT = """
import os, sys
with open("/proc/self/comm", "w") as comm:
    comm.write("forks")
for _ in range(int(sys.argv[1])):
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitpid(child, 0)
os._exit(0)
"""
COLUMNS = {"getppid": GETPPID, "close": FAILED, "nanosleep": SLEEPS}


def trace(tmp_path: Path, **params: str) -> tuple[int, list[dict[str, Any]]]:
    """The workload's pid and the rows of a run that saw all of it."""
    program = build("calls.c", tmp_path)
    with running(program, GETPPID, FAILED, SLEEPS) as work, Run("syscount", params, Filters(pid=work.pid)) as run:
        work.go()
        assert work.process.stdout and work.process.stdout.readline() == b"done\n"
        run.stop()
        run.wait()
        run.check_books()
        assert run.lost() == {}
        return work.pid, run.rows()


def summed(rows: list[dict[str, Any]], key: str, value: str = "calls") -> Counter[str]:
    total: Counter[str] = Counter()
    for row in rows:
        total[row[key]] += row[value]
    return total


@pytest.mark.proves("rows", "values")
def test_counts_equal_the_workloads_own(tmp_path: Path) -> None:
    _, rows = trace(tmp_path)
    calls = summed(rows, "syscall")
    assert {name: calls[name] for name in COLUMNS} == COLUMNS
    assert set(rows[0]) == {"time", "syscall", "calls"}


@pytest.mark.proves("times")
def test_times_are_those_of_the_calls(tmp_path: Path) -> None:
    _, rows = trace(tmp_path, latency="true")
    calls, durations = summed(rows, "syscall"), summed(rows, "syscall", "duration")
    assert {name: calls[name] for name in COLUMNS} == COLUMNS
    assert SLEEPS * MS <= durations["nanosleep"] < 60 * SLEEPS * MS
    assert 0 < durations["getppid"] / GETPPID < 20_000


def test_only_failed_calls(tmp_path: Path) -> None:
    _, rows = trace(tmp_path, failed_only="true")
    calls = summed(rows, "syscall")
    assert calls["close"] == FAILED
    assert calls["getppid"] == calls["nanosleep"] == 0


def test_by_process_with_the_name_it_had(tmp_path: Path) -> None:
    pid, rows = trace(tmp_path, by="process", latency="true")
    assert {(row["pid"], row["comm"]) for row in rows} == {(pid, b"calls")}
    made_by_setup = sum(row["calls"] for row in rows) - sum(COLUMNS.values())
    assert 0 < made_by_setup < 20
    assert set(rows[0]) == {"time", "pid", "comm", "calls", "duration"}


def test_a_fork_is_one_call_of_the_parent() -> None:
    children = 101
    with Run("syscount", {}, Filters(comm="forks")) as run:
        # A process of its own: libraries that the tests have loaded start threads anew in every child.
        subprocess.run([sys.executable, "-S", "-c", FORK_AND_WAIT, str(children)], check=True)
        run.stop()
        run.wait()
        calls = summed(run.rows(), "syscall")
    assert calls["clone"] + calls["fork"] + calls["vfork"] + calls["clone3"] == children
    assert calls["wait4"] == children


@pytest.mark.proves("threads", "children", "namespaces", "names")
def test_both_threads_of_children_that_die_at_once_one_in_a_pid_namespace_of_its_own() -> None:
    before = "import os\ndef act():\n    for _ in range(11): os.getppid()"
    pids, rows, _ = trace_children("syscount", before, threads=True)
    assert summed(rows, "syscall")["getppid"] == 22 * len(pids)
    pids, rows, _ = trace_children("syscount", before, {"by": "process"}, threads=True)
    assert {row["pid"] for row in rows} == set(pids)

"""exitsnoop against processes and threads that this test ends itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from typing import Any

import pytest

from proto.v1.agent_pb2 import Filters
from tests.agent.runner.children import trace_children
from tests.agent.runner.harness import Run

pytestmark = pytest.mark.kernel

REPEATS = 101
MS = 1_000_000


class Ends:
    """A run on this test's own children."""

    def __init__(self, params: dict[str, str] | None = None, comm: str | None = None) -> None:
        self.run = Run("exitsnoop", params, Filters(ppid=os.getpid(), uid=os.getuid(), comm=comm))

    def __enter__(self) -> Ends:
        self.run.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.run.close()

    def rows(self) -> list[dict[str, Any]]:
        self.run.stop()
        self.run.wait()
        self.run.check_books()
        assert self.run.lost() == {}
        return self.run.rows()


@pytest.mark.proves("rows", "values")
def test_a_prime_number_of_short_processes_ends_once_each() -> None:
    with Ends(comm="true") as ends:
        pids = [run_to_end(["/bin/true"]) for _ in range(REPEATS)]
        rows = ends.rows()
    assert [row["pid"] for row in rows] == pids
    found = Counter((row["ppid"], row["comm"], row["code"], row["sig"], row["core"], row["uid"]) for row in rows)
    assert found == {(os.getpid(), b"true", 0, 0, 0, os.getuid()): REPEATS}
    assert all(row["tid"] == row["pid"] for row in rows)


def run_to_end(command: list[str]) -> int:
    with subprocess.Popen(command) as child:
        return child.pid


@pytest.mark.proves("times", "errno", "flags")
def test_statuses_signals_and_ages_are_those_of_the_processes() -> None:
    with Ends() as ends:
        before = time.monotonic_ns()
        three = run_to_end(["sh", "-c", "exec sleep 0.3"])
        lived = time.monotonic_ns() - before
        failed = run_to_end(["sh", "-c", "exit 42"])
        with subprocess.Popen(["sleep", "300"]) as killed:
            killed.send_signal(signal.SIGKILL)
        with subprocess.Popen(["sleep", "300"]) as ended:
            ended.send_signal(signal.SIGTERM)
        rows = {row["pid"]: row for row in ends.rows()}
    outcomes = {pid: (row["comm"], row["code"], row["sig"]) for pid, row in rows.items()}
    assert outcomes == {
        three: (b"sleep", 0, 0),
        failed: (b"sh", 42, 0),
        killed.pid: (b"sleep", 0, signal.SIGKILL),
        ended.pid: (b"sleep", 0, signal.SIGTERM),
    }
    assert 300 * MS <= rows[three]["age"] <= lived


THREADS = f"""
import os, threading
threads = [threading.Thread(target=lambda: None) for _ in range({REPEATS})]
for thread in threads: thread.start(); thread.join()
while len(os.listdir("/proc/self/task")) > 1: pass
os._exit(3)
"""


@pytest.mark.proves("threads")
@pytest.mark.parametrize(("params", "rows_each"), [({}, 1), ({"threads": "true"}, REPEATS + 1)])
def test_threads_are_rows_when_asked_for_and_the_process_is_one_otherwise(
    params: dict[str, str], rows_each: int
) -> None:
    with Ends(params) as ends:
        pid = run_to_end([sys.executable, "-S", "-c", THREADS])
        rows = ends.rows()
    assert [row["pid"] for row in rows] == [pid] * rows_each
    assert len({row["tid"] for row in rows}) == rows_each
    assert [row["code"] for row in rows] == [0] * (rows_each - 1) + [3]


LEADER_FIRST = """
import ctypes, os, threading, time
main = threading.main_thread()
def last():
    time.sleep(0.2)
    os._exit(7)
threading.Thread(target=last).start()
ctypes.CDLL(None).syscall(60, 5)
"""


def test_a_process_whose_first_thread_ends_first_ends_with_its_last() -> None:
    with Ends() as ends:
        pid = run_to_end([sys.executable, "-S", "-c", LEADER_FIRST])
        (row,) = ends.rows()
    assert (row["pid"], row["code"], row["sig"]) == (pid, 7, 0)
    assert row["tid"] != pid
    assert row["age"] > 200 * MS


def test_failed_only_leaves_out_the_good() -> None:
    with Ends({"failed_only": "true"}) as ends:
        run_to_end(["/bin/true"])
        failed = run_to_end(["/bin/false"])
        (row,) = ends.rows()
    assert (row["pid"], row["code"]) == (failed, 1)


CROWD = """
import os, threading
gate = threading.Barrier(9)
def wait():
    gate.wait()
    threading.Event().wait()
for _ in range(8): threading.Thread(target=wait).start()
gate.wait()
os._exit(0)
"""


def test_a_process_whose_threads_end_at_once_is_one_row() -> None:
    with Ends() as ends:
        pids = [run_to_end([sys.executable, "-S", "-c", CROWD]) for _ in range(23)]
        rows = ends.rows()
    assert [row["pid"] for row in rows] == pids


@pytest.mark.proves("children", "namespaces", "names")
def test_children_that_die_at_once_and_one_in_a_pid_namespace_of_its_own() -> None:
    """The first of a pid namespace cannot be killed from within: it ends on its own."""
    pids, rows, _ = trace_children("exitsnoop", "def act(): pass")
    assert [row["pid"] for row in rows] == pids
    assert [row["sig"] for row in rows][:-1] == [9] * (len(pids) - 1)

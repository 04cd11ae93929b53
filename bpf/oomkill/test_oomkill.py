"""oomkill against processes that run out of memory in control groups of their own."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from proto.v1.agent_pb2 import Filters, RunUpdate
from tests.agent.runner.children import NAME
from tests.agent.runner.harness import Run
from tests.workloads.memory_group import memory_group
from tests.workloads.spawn import Workload, workload

pytestmark = pytest.mark.kernel

MIB = 1024 * 1024
LIMIT = 64 * MIB
KILLS = 3
EAT = f"eaten = bytearray({2 * LIMIT})"
HOLD = f"""
held = bytearray({LIMIT // 2})
print("holding", flush=True)
sys.stdin.readline()
"""


def killed(target: Workload) -> None:
    assert target.process.wait(30) == -signal.SIGKILL


def status(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


@pytest.mark.proves("rows", "values", "children")
def test_each_process_that_eats_too_much_is_one_row() -> None:
    pids = []
    with memory_group(LIMIT) as procs, Run("oomkill", filters=Filters(ppid=os.getpid())) as run:
        assert run.first.state == RunUpdate.STATE_ATTACHED, run.end.message
        for _ in range(KILLS):
            with workload("statements.py", "", EAT) as target:
                procs.write_text(str(target.pid))
                target.go()
                killed(target)
                pids.append(target.pid)
        run.stop()
        run.wait()
        run.check_books()
        rows = run.rows()
    assert [(row["vpid"], row["pid"], row["tid"]) for row in rows] == [(pid, pid, pid) for pid in pids]
    assert {(row["vuid"], row["uid"], row["oom_score_adj"], row["shmem"]) for row in rows} == {
        (os.getuid(), os.getuid(), own_adjustment(), 0)
    }
    assert all(row["vcomm"] == row["comm"] != b"" for row in rows)
    assert all(LIMIT // 2 < row["anon"] < LIMIT + 32 * MIB < row["total_vm"] for row in rows)
    assert all(row["pgtables"] > 0 for row in rows)


def own_adjustment() -> int:
    return int(Path("/proc/self/oom_score_adj").read_text())


def test_the_victim_need_not_be_the_one_who_needed_memory() -> None:
    with (
        memory_group(LIMIT) as procs,
        workload("statements.py", "import sys", HOLD) as hog,
        workload("statements.py", "", EAT) as eater,
        Run("oomkill", filters=Filters(pid=eater.pid)) as run,
    ):
        for target in (hog, eater):
            procs.write_text(str(target.pid))
        Path(f"/proc/{hog.pid}/oom_score_adj").write_text("1000")
        hog.go()
        assert hog.process.stdout and hog.process.stdout.readline() == b"holding\n"
        size, held = status(hog.pid, "VmSize"), status(hog.pid, "RssAnon")
        eater.go()
        killed(hog)
        killed(eater)
        run.wait()
        run.check_books()
        first, second = run.rows()
    assert (first["vpid"], first["pid"], first["oom_score_adj"]) == (hog.pid, eater.pid, 1000)
    assert first["total_vm"] == size
    assert abs(first["anon"] - held) <= MIB
    assert (second["vpid"], second["pid"]) == (eater.pid, eater.pid)


def test_other_processes_runs_see_nothing() -> None:
    with memory_group(LIMIT) as procs, workload("statements.py", "", EAT) as target:
        procs.write_text(str(target.pid))
        with Run("oomkill", filters=Filters(ppid=os.getpid(), comm="another")) as run:
            target.go()
            killed(target)
            run.stop()
            run.wait()
            run.check_books()
            assert run.rows() == []


def test_where_the_kernel_tells_only_the_number_that_is_right() -> None:
    with memory_group(LIMIT) as procs, workload("statements.py", "", EAT) as target:
        procs.write_text(str(target.pid))
        with Run("oomkill", filters=Filters(pid=target.pid), variant="number") as run:
            target.go()
            killed(target)
            run.wait()
            run.check_books()
            (row,) = run.rows()
    assert (row["vpid"], row["pid"], row["vcomm"], row["total_vm"]) == (target.pid, target.pid, b"", 0)


NAMESAKE = f"""
import ctypes, os, threading
def eat(): eaten = bytearray({2 * LIMIT})
assert ctypes.CDLL(None).unshare(0x20000000) == 0  # CLONE_NEWPID: of the children from now on
pid = os.fork()
if not pid:
    open("/proc/self/oom_score_adj", "w").write("1000")
    open("/proc/self/comm", "wb").write({NAME!r})
    threading.Thread(target=eat).start()
    threading.Event().wait()
print(pid)
assert os.waitpid(pid, 0)[1] == 9
"""


@pytest.mark.proves("threads", "namespaces", "names")
def test_a_thread_of_any_name_in_a_pid_namespace_of_its_own_eats_too_much() -> None:
    with memory_group(LIMIT) as procs, workload("statements.py", "", NAMESAKE) as target:
        procs.write_text(str(target.pid))
        with Run("oomkill", filters=Filters(ppid=target.pid)) as run:
            target.go()
            pid = int(target.finish())
            run.stop()
            run.wait()
            run.check_books()
            (row,) = run.rows()
    assert (row["vpid"], row["pid"], row["vcomm"], row["comm"]) == (pid, pid, NAME, NAME)
    assert row["tid"] != pid

"""Processes and threads of this test."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from agent.kernel.processes import NoProcessError, all_processes, descendants, find_process, find_thread


def test_a_process_is_known_by_number_and_start() -> None:
    me = find_process(os.getpid())
    assert (me.pid, me.tid, me.ppid, me.alive()) == (os.getpid(), 0, os.getppid(), True)
    assert me in list(all_processes())


def test_an_ended_process_that_nobody_has_reaped_is_none() -> None:
    child = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    found = find_process(child.pid)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not found.alive()
    with pytest.raises(NoProcessError, match=f"no process {child.pid} runs on this host; see its processes with: ps"):
        find_process(child.pid)
    child.communicate()


def test_a_process_goes_on_when_only_its_first_thread_has_ended() -> None:
    code = (
        "import ctypes, threading, time\n"
        "threading.Thread(target=time.sleep, args=(60,)).start()\n"
        "print(flush=True)\n"
        "ctypes.CDLL(None).pthread_exit(None)\n"
    )
    child = subprocess.Popen([sys.executable, "-S", "-c", code], stdout=subprocess.PIPE)
    assert child.stdout
    child.stdout.readline()
    while open(f"/proc/{child.pid}/stat").read().rpartition(")")[2].split()[0] != "Z":  # noqa: SIM115, PTH123
        os.sched_yield()
    assert find_process(child.pid).alive()
    child.kill()
    child.communicate()


def test_a_thread_belongs_to_its_process() -> None:
    found = []
    thread = threading.Thread(target=lambda: found.append(find_thread(threading.get_native_id())))
    thread.start()
    thread.join()
    assert found[0].pid == os.getpid()
    assert found[0].tid != os.getpid()


@pytest.mark.parametrize("number", [2**22 + 1, 2**32 - 1])
def test_a_number_that_nothing_has_is_said(number: int) -> None:
    with pytest.raises(NoProcessError, match=f"no process {number} runs"):
        find_process(number)
    with pytest.raises(NoProcessError, match=f"no thread {number} runs"):
        find_thread(number)


def test_descendants_are_found_in_any_order() -> None:
    assert descendants({1}, [(4, 3), (3, 2), (2, 1), (9, 8), (1, 0)]) == {2, 3, 4}
    assert descendants({1, 2}, [(2, 1)]) == set()

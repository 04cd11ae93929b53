"""Holding on to the traced process."""

from __future__ import annotations

import os
import select
import subprocess
import threading
import time
from collections.abc import Iterator

import pytest
from agent.runner.target import TargetError, hold_target

from proto.v1.agent_pb2 import Filters


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.wait()


def test_without_a_process_there_is_nothing_to_hold() -> None:
    assert hold_target(Filters(comm="x", uid=0)) is None


def test_the_end_of_the_process_can_be_waited_for(child: subprocess.Popen[bytes]) -> None:
    target = hold_target(Filters(pid=child.pid))
    assert target is not None
    assert not target.gone()
    assert select.select([target.descriptor], [], [], 0)[0] == []
    child.communicate()
    assert select.select([target.descriptor], [], [], 5)[0] == [target.descriptor]
    assert target.gone()
    target.close()


def test_an_ended_process_that_nobody_has_reaped_is_gone(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    with pytest.raises(TargetError, match=f"no process {child.pid} runs on this host"):
        hold_target(Filters(pid=child.pid))


def test_a_thread_is_held_by_its_process_and_noticed_when_it_ends() -> None:
    started, end, ids = threading.Event(), threading.Event(), []

    def work() -> None:
        ids.append(threading.get_native_id())
        started.set()
        end.wait()

    thread = threading.Thread(target=work)
    thread.start()
    started.wait()
    target = hold_target(Filters(tid=ids[0]))
    assert target is not None
    assert (target.pid, target.gone()) == (os.getpid(), False)
    end.set()
    thread.join()
    deadline = time.monotonic() + 5  # the kernel takes a thread out of /proc after it was joined
    while not target.gone():
        assert time.monotonic() < deadline
    target.close()


@pytest.mark.parametrize("filters", [Filters(pid=2**22 + 1), Filters(tid=2**22 + 1)])
def test_no_such_process_is_said_with_what_to_do(filters: Filters) -> None:
    with pytest.raises(TargetError, match="see its processes with: ps -e"):
        hold_target(filters)


def test_a_number_that_no_process_can_have_is_no_process() -> None:
    with pytest.raises(TargetError, match="no process 4294967295 runs"):
        hold_target(Filters(pid=4294967295))

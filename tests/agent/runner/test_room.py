"""A loss for want of room says which buffer would have held it, and that one does."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from agent.runner import room as module
from agent.runner.room import Ring, Room
from bpf.emitters import RING_FULL
from proto.v1 import stream_pb2 as pb
from proto.v1.agent_pb2 import Filters, RunLimits
from tests.agent.runner.harness import Run
from tests.waiting import wait_for
from tests.workloads.spawn import workload

KIB = 1024
COUNT = 5_003


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> dict[int, int]:
    counters: dict[int, int] = {}
    monkeypatch.setattr(module, "read_percpu_u64", lambda _, index: counters.get(index, 0))
    return counters


def test_a_stretch_needs_the_ring_and_all_that_came_while_it_was_full(counted: dict[int, int]) -> None:
    room = Room([Ring(0, 56, 64 * KIB, 0)])
    counted[RING_FULL] = 1000
    assert room.needed(3) == 128 * KIB  # 64 KiB and 1000 times 64 bytes
    counted[RING_FULL] = 3000
    assert room.needed(3) == 256 * KIB
    room.needed(3)  # nothing was lost since: the next loss is another stretch
    counted[RING_FULL] = 4000
    assert room.needed(3) == 256 * KIB


def test_a_ring_that_gets_less_of_the_buffer_needs_a_larger_one(counted: dict[int, int]) -> None:
    room = Room([Ring(0, 56, 64 * KIB, 0), Ring(1, 56, 32 * KIB, 1)])
    counted[RING_FULL + 1] = 1
    assert room.needed(3) == 128 * KIB


@pytest.mark.kernel
def test_the_buffer_that_the_books_name_holds_what_was_lost() -> None:
    loss = run_with(64 * KIB)
    assert loss is not None and loss.events > 0
    assert loss.buffer_bytes > 64 * KIB
    assert run_with(loss.buffer_bytes) is None


def run_with(buffer: int) -> pb.Loss | None:
    """What a run that is kept from reading while a workload opens COUNT files loses for want of room."""
    with (
        workload("open_paths.py", COUNT, 10**9, "/nonexistent/room-") as busy,
        Run("opensnoop", filters=Filters(pid=busy.pid), limits=RunLimits(buffer_bytes=buffer)) as run,
    ):
        assert run.process
        runner = run.process.pid
        os.kill(runner, signal.SIGSTOP)
        wait_for(lambda: stopped(runner), 10, "the runner stopped")
        busy.go()
        busy.finish()
        os.kill(runner, signal.SIGCONT)
        run.wait()
        books = run.ledger
    lost = next((loss for loss in books.lost if loss.cause == pb.LOSS_CAUSE_RING and loss.events), None)
    assert books.seen == books.stored + (lost.events if lost else 0) >= COUNT
    return lost


def stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T"

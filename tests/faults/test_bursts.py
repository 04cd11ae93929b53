"""System calls as fast as a core makes them: what the rings cannot take is on the books, to the last call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from proto.v1.agent_pb2 import Filters, RunLimits
from tests.agent.runner.harness import Run
from tests.workloads.compiled import build, running

pytestmark = pytest.mark.kernel

TOOLS = {"getppid": ("tracepoint", {"tracepoint": "syscalls:sys_enter_getppid"}), "openat": ("opensnoop", {})}
SMALL = 64 * 1024
SECONDS = [2, pytest.param(10, marks=pytest.mark.long)]


@pytest.fixture(scope="module")
def flood(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("flood.c", tmp_path_factory.mktemp("flood"))


@contextmanager
def burst(flood: Path, call: str, seconds: float, buffer: int) -> Iterator[Run]:
    tool, params = TOOLS[call]
    limits = RunLimits(budget_permille=1000, buffer_bytes=buffer)
    with running(flood, call, seconds) as busy, Run(tool, params, Filters(pid=busy.pid), limits) as run:
        assert run.first.HasField("schema"), run.end.message
        busy.go()
        made, took = map(int, busy.finish(120).split())
        run.wait(120)
        run.check_books()
        assert run.ledger.seen == made
        cpu = run.last.cost.runner_cpu_ns / 1000 / max(run.ledger.stored, 1)
        print(f"{call}: {made} calls, {made * 1000 / took:.2f}M/s, lost {run.lost()}, {cpu:.3f} µs of runner CPU each")
        yield run


@pytest.mark.parametrize("seconds", SECONDS)
@pytest.mark.parametrize("call", TOOLS)
def test_every_call_is_stored_or_counted(flood: Path, call: str, seconds: float) -> None:
    with burst(flood, call, seconds, 0) as run:
        assert set(run.lost()) <= {"ring"}


@pytest.mark.parametrize("call", TOOLS)
def test_what_a_small_buffer_cannot_take_is_counted_and_the_buffer_that_would_is_named(flood: Path, call: str) -> None:
    with burst(flood, call, 2, SMALL) as run:
        assert run.lost()["ring"] > 0
        (loss,) = run.ledger.lost
        assert loss.buffer_bytes > SMALL

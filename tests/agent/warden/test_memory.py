"""A process in the runner's place that takes memory as fast as it can, with a real run over it."""

from __future__ import annotations

import os
import sys
import uuid
from pathlib import Path

import pytest

from agent.warden import runner
from agent.warden.budget import DEFAULT_PRICES, Budget
from agent.warden.envelope import Command
from agent.warden.loop import Loop
from agent.warden.memory import OFTEN, SELDOM, look_again
from agent.warden.run import Run, RunEvents
from agent.warden.run_folder import RunFolder
from proto.v1.agent_pb2 import Envelope, RunUpdate
from proto.v1.local_pb2 import RunnerConfig
from proto.v1.stream_pb2 import EndCause
from tests.agent.warden.test_runner import HEAD

MIB = 1 << 20
LIMIT = 512 * MIB  # as the default policy has it
# Says how much it has taken, without a pause, until it is made to stop.
BALLOON = """
import mmap, sys
with open(sys.argv[1], "r+b") as file: said = mmap.mmap(file.fileno(), 8)
hoard = []
while len(hoard) < 8192:
    hoard.append(bytearray(b"x") * (1 << 20))
    said[:] = (len(hoard) << 20).to_bytes(8, "little")
"""


def balloon(folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[int, RunUpdate, list[str]]:
    """How much it had taken when it was gone, how its run stands then, and what else the loop did meanwhile."""
    said = folder / "said"
    said.write_bytes(bytes(8))
    monkeypatch.setattr(runner, "python", lambda *_: [sys.executable, "-c", HEAD + BALLOON, str(said)])
    loop, command = Loop(), Command(uuid.uuid4().bytes, Envelope())
    spool = RunFolder(folder, command.run_id)
    spool.create(b"", os.getgid())
    over: list[RunUpdate] = []
    others: list[str] = []

    def ended(run: Run) -> None:
        over.append(run.state)
        loop.call_later(0.1, lambda: others.append("the warden goes on"))
        loop.call_later(0.2, loop.stop)

    events = RunEvents(lambda _: None, lambda *_: None, lambda *_: None, ended, lambda _: None)
    run = Run(loop, command, spool, Budget(1000, os.cpu_count() or 1, DEFAULT_PRICES), events)
    run.start(RunnerConfig(run_id=command.run_id, spool_gid=os.getgid()), LIMIT, "")
    loop.call_later(60, loop.stop)
    loop.run()
    (state,) = over
    return int.from_bytes(said.read_bytes(), "little"), state, others


def test_what_outgrows_its_limit_is_killed_before_it_is_a_tenth_above_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken, state, others = balloon(tmp_path, monkeypatch)
    assert LIMIT * 0.8 < taken < LIMIT * 1.1
    assert state.end.cause == EndCause.END_CAUSE_RUNNER_DIED
    assert "of memory, more than the 512 MB that this host's policy allows" in state.end.message
    assert others == ["the warden goes on"]


@pytest.mark.parametrize(
    ("used", "seconds"), [(0, 0.125), (LIMIT // 2, 0.0625), (LIMIT - 1, OFTEN), (LIMIT, OFTEN), (2 * LIMIT, OFTEN)]
)
def test_the_nearer_the_limit_the_sooner_it_is_looked_at(used: int, seconds: float) -> None:
    assert look_again(used, LIMIT) == pytest.approx(seconds)
    assert look_again(0, 100 * LIMIT) == SELDOM

"""Everything dies at once: rows are whole up to the last batch on the host's disk, and the session says which it is."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from proto import frame
from tests.e2e.stack import Stack, eventually
from tests.faults.counted import PATIENCE, Counted, counted, process
from tests.faults.points import look
from tests.faults.proof import prove

pytestmark = pytest.mark.kernel

STEP = 199
MODULES = ("agent.link", "agent.cli", "server")


def kill_everything(traced: Counted) -> None:
    """Nobody sees another one die: all of them stand still first."""
    pids = [traced.runner, *(process(traced.stack, module) for module in MODULES)]
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in pids:
            os.kill(pid, number)
    eventually(lambda: not any(_runs(pid) for pid in pids), PATIENCE, "all processes dead")


def _runs(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize("torn", [0, 1, 100])
def test_when_everything_dies_the_session_is_unknown_after_the_last_whole_batch(stack: Stack, torn: int) -> None:
    assert stack.process is not None
    stack.wait_online()
    with counted(stack, f"all-{torn}") as traced:
        traced.emit(STEP)
        traced.wait_rows(STEP)
        os.kill(process(stack, "agent.link"), signal.SIGSTOP)
        for _ in range(3):
            traced.emit(STEP)
            eventually(lambda: look(traced).spooled == traced.opened, PATIENCE, "the batch on the host's disk")
        os.kill(stack.process.pid, signal.SIGSTOP)  # it would start them again before their disk is looked at
        try:
            kill_everything(traced)
            (spool,) = traced.spool.glob("*.frames")
            os.truncate(spool, spool.stat().st_size - torn)
            with spool.open("rb") as file:
                whole = [found.head for _, found in frame.scan(file)]
        finally:
            os.kill(stack.process.pid, signal.SIGCONT)
        found = prove(traced, books="unknown")
    assert found.stored == sum(head.rows for head in whole) == traced.opened - (STEP if torn else 0)
    assert f"unknown after batch {whole[-1].seq}:" in found.message

"""A disk has no room any more: the run goes on, what is lost is declared, people are told, and room resumes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.stack import Stack, eventually, own_stack
from tests.faults.counted import PATIENCE, Counted, counted
from tests.faults.disks import filled, small_disk
from tests.faults.points import look
from tests.faults.proof import prove

pytestmark = pytest.mark.kernel

STEP = 1009
DISK_MB = 24


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Its spools and its segments are on small disks of their own."""
    folder = tmp_path_factory.mktemp("full")
    with (
        small_disk(folder / "var/agent/runs", DISK_MB),
        small_disk(folder / "var/server/segments", DISK_MB),
        own_stack(folder) as running,
    ):
        yield running


def note(traced: Counted) -> str:
    return str(traced.stack.session(traced.session)["runs"][0]["note"])


def test_a_full_server_disk_costs_nothing_and_is_told_until_there_is_room(stack: Stack) -> None:
    with counted(stack, "server-full") as traced:
        traced.emit(STEP)
        traced.wait_rows(STEP)
        full = f"the server's disk is full: free space in {stack.data / 'server/segments'}"
        with filled(stack.data / "server/segments"):
            traced.emit(50 * STEP)
            eventually(lambda: note(traced).startswith(full), PATIENCE, f"the session to say: {full}")
            assert stack.api("GET", "/api/hosts")[0]["state"] == "online"
            eventually(lambda: look(traced).spooled == traced.opened, PATIENCE, "all rows on the host's disk")
            assert look(traced).stored < traced.opened
        traced.wait_rows(traced.opened)
        eventually(lambda: full not in note(traced), PATIENCE, "the trouble gone")
        traced.emit(STEP)
        traced.finish()
        assert prove(traced).seen == 52 * STEP


def test_a_full_spool_disk_loses_what_it_declares_and_resumes_when_there_is_room(stack: Stack) -> None:
    with counted(stack, "spool-full") as traced:
        traced.emit(STEP)
        traced.wait_rows(STEP)
        with filled(stack.data / "agent/runs"):
            traced.emit(50 * STEP)
            lost = eventually(lambda: declared(traced), PATIENCE, "the loss")
            eventually(lambda: "disk is full" in note(traced), PATIENCE, "what the session says of the full disk")
        before = rows(traced)
        traced.emit(STEP)
        traced.wait_rows(before + STEP)
        traced.finish()
        found = prove(traced, books="lossy")
    assert found.lost == {"spool": found.seen - found.stored}
    assert 0 < lost <= found.lost["spool"]
    assert "the host's disk had no room" in found.message


def test_a_run_that_ends_on_a_full_spool_disk_is_closed_and_declares_its_loss(stack: Stack) -> None:
    with counted(stack, "spool-full-end") as traced:
        traced.emit(STEP)
        traced.wait_rows(STEP)
        with filled(stack.data / "agent/runs"):
            traced.emit(50 * STEP)
            eventually(lambda: declared(traced), PATIENCE, "the loss")
            traced.finish()
            eventually(lambda: gone(traced.runner), PATIENCE, "the runner's end")
        found = prove(traced, books="lossy")
    assert found.lost == {"spool": found.seen - found.stored}
    assert found.cause == "target_exited"


def rows(traced: Counted) -> int:
    return int(traced.stack.session(traced.session)["rows"])


def declared(traced: Counted) -> int:
    """Events that the session says are lost for want of disk."""
    lost: dict[str, int] = traced.stack.session(traced.session)["runs"][0]["ledger"]["lost"]
    return lost.get("spool", 0)


def gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()

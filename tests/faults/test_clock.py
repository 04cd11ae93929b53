"""The wall clock is set forward and back by an hour while runs live: what counts in boot time does not notice, and what
must compare wall clocks says so.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from tests.e2e.stack import Stack, eventually, own_stack
from tests.faults.clock import HOUR, PARTS, Clock
from tests.faults.counted import PATIENCE, Counted, counted, process
from tests.faults.proof import export, heads, prove
from tests.workloads.spawn import workload

pytestmark = pytest.mark.kernel
LONG = pytest.mark.long

STEPS = (HOUR, -HOUR)
RATE, EVENTS = 2_000, 2_003
SECONDS = 6


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Clock:
    return Clock(tmp_path_factory.mktemp("clock"))


@pytest.fixture(scope="module")
def stack(clock: Clock, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with own_stack(tmp_path_factory.mktemp("stepped"), clock.env) as running:
        yield running


def test_the_clock_steps_for_these_processes(stack: Stack, clock: Clock) -> None:
    """The control of all other tests here."""
    for part, name in (("server", "server"), ("agent", "agent.cli"), ("agent", "agent.link")):
        maps = Path(f"/proc/{process(stack, name)}/maps").read_text()
        assert "stepped_clock.so" in maps and f"{clock.env['FAKE_CLOCK']}/{part}" in maps


@pytest.mark.parametrize("parts", [PARTS, pytest.param(PARTS[:1], marks=LONG), pytest.param(PARTS[1:], marks=LONG)])
def test_a_step_costs_no_row_and_bends_no_time(stack: Stack, clock: Clock, parts: tuple[str, ...]) -> None:
    stack.wait_online()
    with counted(stack, "stepped") as traced:
        traced.emit(EVENTS, RATE)
        for step in STEPS:
            with clock.stepped(step, parts):
                traced.emit(EVENTS, RATE)
                traced.wait_rows(traced.opened)
        traced.emit(EVENTS, RATE)
        traced.finish()
        assert prove(traced).lost == {}
        _, rows = export(stack, traced.session)
    times = [datetime.fromisoformat(row["time"]) for row in rows]
    assert all(before <= after for before, after in pairwise(times))
    numbers = [int(str(row["path"]).removeprefix(traced.mark)) for row in rows]
    assert numbers == sorted(numbers)
    assert (times[-1] - times[0]).total_seconds() < 1800, "the steps do not show in the rows"


@pytest.mark.parametrize("step", [HOUR, pytest.param(-HOUR, marks=LONG)])
def test_a_run_ends_by_its_hosts_boot_clock(stack: Stack, clock: Clock, step: int) -> None:
    stack.wait_online()
    with counted(stack, "ends", duration=f"{SECONDS}s") as traced:
        with clock.stepped(step):
            traced.emit(EVENTS, RATE)
            found = prove(traced)
        traced.finish()
    assert found.cause == "duration"
    assert lived(traced) > SECONDS / 2, "a deadline of the wall clock would have passed at the step"


def lived(traced: Counted) -> float:
    """Seconds of boot time from the run's anchor to its last batch, as the server's disk has them."""
    anchor = int(traced.stack.session(traced.session)["runs"][0]["anchor"]["boot_ns"])
    (segment,) = sorted(traced.stored.glob("*.seg"))
    return (heads(segment)[-1].boot_ns - anchor) / 1e9


@pytest.mark.parametrize(("step", "why"), [(HOUR, "after its end of validity"), (-HOUR, "is valid for another")])
def test_a_start_between_clocks_an_hour_apart_is_refused_and_says_why(
    stack: Stack, clock: Clock, step: int, why: str
) -> None:
    stack.wait_online()
    with workload("open_paths.py", 1, 1, "/nonexistent/apart-") as busy, clock.stepped(step, ("agent",)):
        session = stack.json("start", "opensnoop", "--pid", str(busy.pid), "--duration", "5s", "--detach")["session"]
        (run,) = stack.wait_ended(session, PATIENCE)["runs"]
    assert run["state"] == "refused"
    assert why in run["end"]["message"] and "the clocks of host and server" in run["end"]["message"]


@pytest.mark.long
@pytest.mark.parametrize("step", STEPS)
def test_who_was_let_in_before_a_step_still_is(stack: Stack, clock: Clock, step: int) -> None:
    """The person by a token, the host by its certificate, which it shows again after its link was killed."""
    stack.wait_online()
    with clock.stepped(step):
        before = process(stack, "agent.link")
        os.kill(before, signal.SIGKILL)
        eventually(lambda: _another(stack, before), PATIENCE, "another link")
        stack.wait_online(PATIENCE)
        with counted(stack, "let-in") as traced:
            traced.emit(EVENTS, RATE)
            traced.finish()
            assert prove(traced).lost == {}
    stack.wait_online()


def _another(stack: Stack, before: int) -> bool:
    try:
        return process(stack, "agent.link") != before
    except AssertionError:
        return False

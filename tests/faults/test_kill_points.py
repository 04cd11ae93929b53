"""kill -9 of each process at each point of the data's road: whatever the moment, the books close and nothing is there
twice. `--fault-rounds N` makes N rounds of every point; without it a short form makes one of some.
"""

from __future__ import annotations

import time
from functools import partial

import pytest

from tests.e2e.stack import Stack, eventually
from tests.faults.counted import PATIENCE, Counted, counted, process
from tests.faults.freeze import Freezer, freezer
from tests.faults.points import POINTS, Point, look
from tests.faults.proof import prove

pytestmark = pytest.mark.kernel

STEP = 199
CALLS = 3  # the first, second or third such call, in turn
AIMS = 20
HIT_SECONDS = 2.0


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "point" not in metafunc.fixturenames:
        return
    rounds: int = metafunc.config.getoption("--fault-rounds")
    cases = [(point, turn) for point in POINTS for turn in range(rounds or point.short)]
    names = [f"{point.module}-{point.name}-{turn}" for point, turn in cases]
    metafunc.parametrize(("point", "turn"), cases, ids=names)


def test_a_process_killed_at_a_point_costs_only_what_the_books_declare(stack: Stack, point: Point, turn: int) -> None:
    stack.wait_online()
    with counted(stack, f"{point.module}-{point.name}") as traced:
        traced.emit(STEP)
        traced.wait_rows(STEP)
        victim = traced.runner if point.module == "agent.runner" else process(stack, point.module)
        kill(traced, victim, point, 1 + turn % CALLS)
        if point.module in ("agent.link", "server"):
            traced.emit(STEP)
        traced.finish()
        found = prove(traced, books="lossy" if point.lost else "complete")
    assert found.lost == ({"crash": STEP} if point.lost else {})
    assert found.cause == CAUSES[point.module]


CAUSES = {
    "agent.runner": "runner_died",
    "agent.link": "target_exited",
    "agent.cli": "agent_stopped",
    "server": "target_exited",
}


def kill(traced: Counted, victim: int, point: Point, number: int) -> None:
    """Hold it at the call. A call that was about something else than the batch lets the disks go on: then aim again."""
    for _ in range(AIMS):
        with freezer(victim, point.at(traced, number)) as frozen:
            reach(traced, frozen)
            if hit(traced, point):
                frozen.kill()
                return
        traced.wait_rows(traced.opened)
    raise AssertionError(f"{AIMS} times {point} was not hit: {look(traced)}")


def reach(traced: Counted, frozen: Freezer) -> None:
    """Make one batch after the other until the process stands at the call."""
    while not frozen.held:
        traced.emit(STEP)
        eventually(partial(_held_or_stored, traced, frozen), PATIENCE, f"{traced.opened} stored rows or the call")


def _held_or_stored(traced: Counted, frozen: Freezer) -> bool:
    return frozen.held or look(traced).told >= traced.opened


def hit(traced: Counted, point: Point) -> bool:
    deadline = time.monotonic() + HIT_SECONDS
    while not point.hit(look(traced)):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True

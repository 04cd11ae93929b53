"""After the server was out of reach: how fast the host's backlog drains beside what it still traces, and how soon rows
are fresh again.

python -m tests.bench.drain [RATE] [SECONDS] [ROUNDS]
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.bench.figures import Figure, spread
from tests.e2e.stack import eventually
from tests.faults.network import Apart
from tests.workloads.compiled import build, running

LOOK_SECONDS = 0.05
FRESH_SECONDS = 1.0  # rows stored so soon after they were made are fresh


@dataclass(frozen=True, slots=True)
class Drained:
    """``ratio``: rows stored in a second while the backlog drains, by those that are made in one."""

    backlog: int
    ratio: float
    fresh_seconds: float


def trial(stack: Apart, program: Path, rate: int, seconds: int) -> Drained:
    """Half of the time before and after are as long as the outage: the run lives on while the backlog drains."""
    with running(program, rate * (2 * seconds + 10), rate) as busy:
        session = stack.detach("opensnoop", "--pid", str(busy.pid), "--duration", "600s")
        busy.go()
        began = time.monotonic()
        eventually(lambda: rows(stack, session) > rate, 60, "the first rows")
        with stack.cable.cut():
            time.sleep(seconds)
        found = drained(stack, session, rate, began)
        busy.finish(300)
        ended = stack.wait_ended(session, 120)
        assert ended["books"] == "complete" and ended["rows"] == rate * (2 * seconds + 10), ended["books_message"]
    return found


def drained(stack: Apart, session: str, rate: int, began: float) -> Drained:
    stored = rows(stack, session)
    eventually(lambda: rows(stack, session) > stored, 60, "rows after the outage")
    start, first = time.monotonic(), rows(stack, session)
    backlog = int((start - began) * rate) - first
    while (last := rows(stack, session)) < (time.monotonic() - began - FRESH_SECONDS) * rate:
        time.sleep(LOOK_SECONDS)
    took = max(time.monotonic() - start, LOOK_SECONDS)
    return Drained(backlog, (last - first) / took / rate, took)


def rows(stack: Apart, session: str) -> int:
    return int(stack.session(session)["rows"])


def main(rate: int, seconds: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        program = build("burst.c", Path(folder))
        stack = Apart(data=Path(folder) / "var", home=Path(folder))
        try:
            stack.start()
            trials = [trial(stack, program, rate, seconds) for _ in range(rounds)]
        finally:
            stack.stop()
    note = f"{rate} events/s, server out of reach for {seconds} s, {trials[-1].backlog} rows of backlog"
    Figure("drain.rate", "times the live rate", spread([found.ratio for found in trials]), note=note).tell()
    Figure("drain.fresh", "s", spread([found.fresh_seconds for found in trials]), note=note).tell()


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:]]
    main(*(given + [50_000, 20, 3][len(given) :]))

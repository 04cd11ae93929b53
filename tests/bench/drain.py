"""After the server was out of reach: how fast the host's backlog drains beside what it still traces, and how soon rows
are fresh again.

python -m tests.bench.drain [RATE] [SECONDS] [ROUNDS]
"""

from __future__ import annotations

import sys
import tempfile
import time
from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path

from proto import frame
from tests.bench.figures import Figure, spread
from tests.e2e.stack import eventually
from tests.faults.network import Apart
from tests.workloads.compiled import build, running

LOOK_SECONDS = 0.005
FRESH_NS = 10**9  # rows stored so soon after they were made are fresh
MORE_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Drained:
    """``ratio``: seconds of the past that are stored in a second, until rows are fresh again."""

    behind_seconds: float
    ratio: float
    fresh_seconds: float


def trial(stack: Apart, program: Path, rate: int, seconds: int) -> Drained:
    """The run goes on for some time after the outage: the backlog drains beside live rows."""
    made = rate * (seconds + 2 * MORE_SECONDS)
    with running(program, made, rate) as busy:
        session = stack.detach("opensnoop", "--pid", str(busy.pid), "--duration", "600s")
        folder = stack.data / "server/segments" / session / stack.session(session)["runs"][0]["id"]
        busy.go()
        (segment,) = eventually(lambda: grown(folder), 60, "the first rows")
        with stack.cable.cut():
            time.sleep(seconds)
        found = drained(segment)
        busy.finish(300)
        ended = stack.wait_ended(session, 120)
        assert ended["books"] == "complete" and ended["rows"] == made, ended["books_message"]
    return found


def grown(folder: Path) -> list[Path]:
    return [path for path in folder.glob("*.seg") if path.stat().st_size > 1024]


def drained(segment: Path) -> Drained:
    """Follows the open segment: its size tells which batch is stored, and that one when it was made."""
    looks = [(time.time_ns(), segment.stat().st_size)]
    deadline = looks[0][0] + MORE_SECONDS * 10**9
    while looks[-1][0] < deadline:
        time.sleep(LOOK_SECONDS)
        looks.append((time.time_ns(), segment.stat().st_size))
    with segment.open("rb") as file:
        ends, made = zip(*((end, one.head.wall_ns) for end, one in frame.scan(file)), strict=True)
    stored = [(when, made[bisect_right(ends, size) - 1]) for when, size in looks if size >= ends[0]]
    before = next(then for _, then in stored)
    start = next(when for when, then in stored if then > before)
    end, last = next((when, then) for when, then in stored if then > before and when - then < FRESH_NS)
    took = max(end - start, LOOK_SECONDS * 1e9) / 1e9
    return Drained((start - before) / 1e9, (last - before) / 1e9 / took, (end - start) / 1e9)


def main(rate: int, seconds: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        program = build("burst.c", Path(folder))
        stack = Apart(data=Path(folder) / "var", home=Path(folder))
        try:
            stack.start()
            trials = [trial(stack, program, rate, seconds) for _ in range(rounds)]
        finally:
            stack.stop()
    behind = max(found.behind_seconds for found in trials)
    note = f"{rate} events/s, server out of reach for {seconds} s, rows up to {behind:.0f} s behind"
    Figure("drain.rate", "times the live rate", spread([found.ratio for found in trials]), note=note).tell()
    Figure("drain.fresh", "s", spread([found.fresh_seconds for found in trials]), note=note).tell()


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:]]
    main(*(given + [50_000, 20, 3][len(given) :]))

"""What is lost at the highest rate that one core makes, for ten seconds: ours, and the usual ways to read events.

python -m tests.bench.loss [SECONDS] [ROUNDS]
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from tests.bench import tracers
from tests.bench.figures import Figure, spread
from tests.bench.tracers import Tracer
from tests.workloads.compiled import build, running

OPENED = r'tracepoint:syscalls:sys_enter_openat /pid == PID/ { printf("%d %s\n", tid, str(args->filename)); }'
ASKED = r'tracepoint:syscalls:sys_enter_getppid /pid == PID/ { printf("%d %d\n", pid, tid); }'


@dataclass(frozen=True, slots=True)
class Case:
    """The workload, how many events it makes in a second traced by us, about, and who traces it; the first is ours."""

    program: str
    rest: tuple[int, ...]
    per_second: int
    tracers: Mapping[str, Tracer]


CASES: Mapping[str, Case] = {
    "openat": Case(
        "burst.c",
        (),
        500_000,
        {"ours": tracers.ours("opensnoop"), "BCC perf-buffer callback": tracers.bcc_callback},
    ),
    "getppid": Case(
        "calls.c",
        (0, 0),
        1_500_000,
        {
            "ours": tracers.ours("tracepoint", {"tracepoint": "syscalls:sys_enter_getppid"}),
            "bpftrace printf": tracers.bpftrace(ASKED, r"^\d+ \d+$"),
        },
    ),
}


def trial(program: Path, case: Case, tracer: Tracer, seconds: float) -> tuple[float, float]:
    """Percent lost, and million events a second that were made while the tracer was attached."""
    made = int(case.per_second * seconds)
    took = 0.0
    with running(program, made, *case.rest) as target:

        def work() -> None:
            nonlocal took
            start = perf_counter()
            target.go()
            assert target.process.stdout is not None
            target.process.stdout.readline()
            took = perf_counter() - start

        traced = tracer(target.pid, work)
    return 100 * (made - traced.events) / made, made / took / 1e6


def main(seconds: float, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, case in CASES.items():
            program = build(case.program, Path(folder))
            lost: dict[str, list[float]] = {who: [] for who in case.tracers}
            rates = []
            for _ in range(rounds):
                for who, tracer in case.tracers.items():
                    percent, rate = trial(program, case, tracer, seconds)
                    lost[who].append(percent)
                    rates += [rate] if who == "ours" else []
            own = spread(lost.pop("ours"))
            note = f"traced by us, {min(rates):.2f} to {max(rates):.2f} million events a second were made"
            for who, values in lost.items():
                Figure(f"loss.{name}.{who}", "% lost", own, spread(values), note).tell()


if __name__ == "__main__":
    given = [float(word) for word in sys.argv[1:]]
    main(given[0] if given else 10.0, int(given[1]) if len(given) > 1 else 5)

"""What it costs to read events: our runner beside other tracers, interleaved on the same workload.

python -m tests.bench.capture [EVENTS] [ROUNDS]
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.bench import tracers
from tests.bench.figures import Figure, spread
from tests.bench.tracers import Traced, Tracer
from tests.workloads.compiled import build, running

STEADY_RATE, STEADY_SECONDS = 50_000, 5
PRINTED = r'tracepoint:syscalls:sys_enter_openat /pid == PID/ { printf("%d %d %s\n", pid, tid, str(args->filename)); }'
TRACERS: Mapping[str, Tracer] = {
    "ours": tracers.ours("opensnoop"),
    "BCC perf-buffer callback": tracers.bcc_callback,
    "bpftrace printf": tracers.bpftrace(PRINTED, r"^\d+ \d+ /"),
    "perf record": tracers.perf_record(["-e", "syscalls:sys_enter_openat"]),
}


def measure(program: Path, events: int, tracer: Tracer, rate: int = 0) -> Traced:
    with running(program, events, *([rate] if rate else [])) as target:

        def work() -> None:
            target.go()
            assert int(target.finish(120)) >= events

        return tracer(target.pid, work)


def microseconds(traced: Traced) -> float:
    return traced.cpu_seconds * 1e6 / max(traced.events, 1)


def main(events: int, rounds: int) -> None:
    found: dict[str, list[Traced]] = {name: [] for name in TRACERS}
    with tempfile.TemporaryDirectory() as folder:
        program = build("burst.c", Path(folder))
        for _ in range(rounds):
            for name, tracer in TRACERS.items():
                found[name].append(measure(program, events, tracer))
        steady = [
            measure(program, STEADY_RATE * STEADY_SECONDS, TRACERS["ours"], STEADY_RATE).cpu_seconds / STEADY_SECONDS
            for _ in range(rounds)
        ]
    own = [microseconds(traced) for traced in found.pop("ours")]
    for name, each in found.items():
        theirs = [microseconds(traced) for traced in each]
        Figure(f"capture.{name}", "µs of CPU for an event", spread(own), spread(theirs)).tell()
    Figure("capture.steady", "% of a core at 50,000 events/s", spread([100 * share for share in steady])).tell()


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*(given + [1_000_000, 5][len(given) :]))

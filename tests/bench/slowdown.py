"""What a traced program pays: its own CPU time for each event beside that of the same program alone, in turns.

python -m tests.bench.slowdown [ROUNDS]
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.bench import tracers
from tests.bench.figures import Figure, spread
from tests.bench.tracers import Tracer
from tests.workloads.compiled import build, running

LIBC = "/lib/x86_64-linux-gnu/libc.so.6"
OPENED = r'tracepoint:syscalls:sys_enter_openat /pid == PID/ { printf("%d %s\n", tid, str(args->filename)); }'
COUNTED = "tracepoint:raw_syscalls:sys_enter /pid == PID/ { @[args->id] = count(); }"
TIMED = (
    f"uprobe:{LIBC}:syscall /pid == PID/ {{ @start[tid] = nsecs; }} "
    f"uretprobe:{LIBC}:syscall /@start[tid]/ {{ @ = hist(nsecs - @start[tid]); delete(@start[tid]); }}"
)
SAMPLED = "profile:hz:49 /pid == PID/ { @[ustack, kstack] = count(); }"


@dataclass(frozen=True, slots=True)
class Case:
    """One question: the workload and its number of events, and who traces it. The first tracer is ours."""

    program: str
    words: tuple[int, ...]
    tracers: Mapping[str, Tracer]

    @property
    def events(self) -> int:
        return self.words[0]


CASES: Mapping[str, Case] = {
    "opensnoop": Case(
        "burst.c",
        (300_000,),
        {
            "ours": tracers.ours("opensnoop"),
            "bpftrace": tracers.bpftrace(OPENED),
            "perf record": tracers.perf_record(["-e", "syscalls:sys_enter_openat"]),
            "strace": tracers.strace("openat"),
        },
    ),
    "syscount": Case(
        "burst.c",
        (300_000,),
        {
            "ours": tracers.ours("syscount"),
            "stock": tracers.stock("syscount -p PID"),
            "bpftrace": tracers.bpftrace(COUNTED),
        },
    ),
    "funclatency": Case(
        "burst.c",
        (300_000,),
        {
            "ours": tracers.ours("funclatency", {"function": "c:syscall"}),
            "stock": tracers.stock("funclatency -p PID c:syscall"),
            "bpftrace": tracers.bpftrace(TIMED),
        },
    ),
    "profile": Case(
        "burst.c",
        (3_000_000,),
        {
            "ours": tracers.ours("profile"),
            "stock": tracers.stock("profile -F 49 -p PID"),
            "bpftrace": tracers.bpftrace(SAMPLED),
            "perf record": tracers.perf_record(["-F", "49", "-g", "-e", "cpu-clock"]),
        },
    ),
}


def spent(program: Path, case: Case, tracer: Tracer) -> float:
    """µs of the workload's CPU time for each of its events."""
    used = 0.0

    with running(program, *case.words) as target:

        def work() -> None:
            nonlocal used
            target.go()
            _, status, usage = os.wait4(target.pid, 0)
            target.process.returncode = os.waitstatus_to_exitcode(status)
            assert target.process.returncode == 0
            used = usage.ru_utime + usage.ru_stime

        tracer(target.pid, work)
    return used * 1e6 / case.events


def measure(name: str, case: Case, folder: Path, rounds: int) -> None:
    program = build(case.program, folder)
    more: dict[str, list[float]] = {who: [] for who in case.tracers}
    plain = []
    for _ in range(rounds):
        plain.append(spent(program, case, tracers.alone))
        for who, tracer in case.tracers.items():
            more[who].append(spent(program, case, tracer) - plain[-1])
    base = spread(plain)
    own = spread(more.pop("ours"))
    for who, values in more.items():
        note = f"alone {base.median:.2f} µs ({base.least:.2f} to {base.most:.2f})"
        Figure(f"slowdown.{name}.{who}", "µs more for an event", own, spread(values), note).tell()


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, case in CASES.items():
            measure(name, case, Path(folder), rounds)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)

"""What a tool costs at three rates of events: its runner, its programs in the kernel, and the program it looks at.

`python -m tests.bench.rates [SECONDS]` prints a JSON line for each tool and rate. The workload opens files by libc's
syscall(); a tool of another kind counts the same calls.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from agent.kernel.bpf_syscall import enable_stats, prog_stats
from proto.v1.agent_pb2 import Filters, RunLimits
from tests.agent.runner.harness import Run
from tests.workloads.compiled import build, running
from tests.workloads.spawn import Workload

RATES = (1_000, 10_000, 100_000)
TOOLS: Mapping[str, Mapping[str, str]] = {
    "opensnoop": {},
    "syscount": {},
    "tracepoint": {"tracepoint": "syscalls:sys_enter_openat"},
    "funccount": {"function": "c:syscall"},
    "uprobe": {"function": "c:syscall", "args": "number:s64"},
}


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one run. ``workload_us``: CPU time of the workload for each event, ``alone_us`` without the tool."""

    tool: str
    rate: int
    events: int
    lost: int
    runner_percent_of_core: float
    kernel_ns_per_event: float
    workload_us: float
    alone_us: float


def main() -> None:
    seconds = float(sys.argv[1]) if sys.argv[1:] else 5.0
    statistics = enable_stats()
    with tempfile.TemporaryDirectory() as folder:
        program = build("burst.c", Path(folder))
        for rate in RATES:
            count = int(rate * seconds)
            alone = _alone(program, count, rate)
            for tool in TOOLS:
                print(json.dumps(asdict(measure(tool, program, count, rate, alone))), flush=True)
    os.close(statistics)


def measure(tool: str, program: Path, count: int, rate: int, alone: float) -> Cost:
    limits = RunLimits(budget_permille=1000)
    with running(program, count, rate) as target, Run(tool, TOOLS[tool], Filters(pid=target.pid), limits) as run:
        assert run.first.HasField("schema"), run.end.message
        start = run.first.cost.runner_cpu_ns
        run.receive(10)
        before = _kernel_ns(run)
        spent = _cpu_seconds(target)
        kernel = _kernel_ns(run) - before
        run.wait()
        run.check_books()
        runner = (run.last.cost.runner_cpu_ns - start) / 1e9
        return Cost(
            tool,
            rate,
            run.ledger.seen,
            sum(run.lost().values()),
            round(100 * runner / (count / rate), 2),
            round(kernel / max(run.ledger.seen, 1)),
            round(spent * 1e6 / count, 3),
            round(alone * 1e6 / count, 3),
        )


def _alone(program: Path, count: int, rate: int) -> float:
    with running(program, count, rate) as target:
        return _cpu_seconds(target)


def _cpu_seconds(target: Workload) -> float:
    """Let it go; the CPU time it had used when it ended."""
    target.go()
    _, status, used = os.wait4(target.pid, 0)
    target.process.returncode = os.waitstatus_to_exitcode(status)
    assert target.process.returncode == 0
    return used.ru_utime + used.ru_stime


def _kernel_ns(run: Run) -> int:
    """Of all programs of the run, by the kernel's own statistics."""
    return sum(prog_stats(descriptor).run_time_ns for descriptor in run.fds[1:])


if __name__ == "__main__":
    main()

"""What it costs to read events: our runner beside a BCC callback and perf record, interleaved on the same workload.

`python -m tests.bench.capture [EVENTS] [ROUNDS]` prints medians of tracer CPU per received event, and the ratios to
beat.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from agent.kernel.headers import ensure_headers
from proto.v1.agent_pb2 import Filters, RunLimits
from tests.agent.runner.harness import HEADERS_CACHE, Run
from tests.workloads.compiled import build, running
from tests.workloads.spawn import Workload

STEADY_RATE, STEADY_SECONDS = 50_000, 5
GOALS = {"bcc callback": 15.0, "perf record": 1.5}


@dataclass(frozen=True, slots=True)
class Cost:
    made: int
    received: int
    cpu_seconds: float

    @property
    def microseconds(self) -> float:
        return self.cpu_seconds * 1e6 / max(self.received, 1)


def ours(target: Workload) -> Cost:
    with Run("opensnoop", None, Filters(pid=target.pid), RunLimits(budget_permille=1000)) as run:
        assert run.first.HasField("schema"), run.end.message
        target.go()
        made = int(target.finish(120))
        run.wait()
        run.check_books()
        spent = run.last.cost.runner_cpu_ns - run.first.cost.runner_cpu_ns
        return Cost(made, run.ledger.stored, spent / 1e9)


def bcc_callback(target: Workload) -> Cost:
    headers = str(ensure_headers(HEADERS_CACHE))
    command = [sys.executable, str(Path(__file__).with_name("perf_callback.py")), str(target.pid), headers]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    target.go()
    made = int(target.finish(120))
    found = json.loads(process.communicate()[0])
    return Cost(made, found["events"], found["cpu"])


def perf_record(target: Workload) -> Cost:
    with tempfile.TemporaryDirectory() as folder:
        control, ack = Path(folder, "control"), Path(folder, "ack")
        os.mkfifo(control)
        os.mkfifo(ack)
        command = ["perf", "record", "-q", "-m", "4096", "-D", "-1", "--control", f"fifo:{control},{ack}"]
        command += ["-e", "syscalls:sys_enter_openat", "-p", str(target.pid), "-o", f"{folder}/data"]
        process = subprocess.Popen(command)
        with control.open("w") as orders, ack.open() as answers:
            orders.write("enable\n")
            orders.flush()
            assert answers.read(3) == "ack"
            target.go()
            made = int(target.finish(120))
            _, _, used = os.wait4(process.pid, 0)
        listed = ["perf", "script", "-i", f"{folder}/data", "-F", "pid"]
        received = subprocess.run(listed, capture_output=True, check=True).stdout.count(b"\n")
        return Cost(made, received, used.ru_utime + used.ru_stime)


def measure(program: Path, events: int, tracer: Callable[[Workload], Cost], rate: int = 0) -> Cost:
    with running(program, events, *([rate] if rate else [])) as target:
        return tracer(target)


def main() -> None:
    events, rounds = int(sys.argv[1]) if sys.argv[1:] else 1_000_000, int(sys.argv[2]) if sys.argv[2:] else 3
    tracers: dict[str, Callable[[Workload], Cost]] = {
        "ours": ours,
        "bcc callback": bcc_callback,
        "perf record": perf_record,
    }
    costs: dict[str, list[Cost]] = {name: [] for name in tracers}
    with tempfile.TemporaryDirectory() as folder:
        program = build("burst.c", Path(folder))
        for _ in range(rounds):
            for name, tracer in tracers.items():
                costs[name].append(measure(program, events, tracer))
        steady = [measure(program, STEADY_RATE * STEADY_SECONDS, ours, STEADY_RATE) for _ in range(rounds)]
    report(costs, steady)


def report(costs: dict[str, list[Cost]], steady: list[Cost]) -> None:
    own = statistics.median(cost.microseconds for cost in costs["ours"])
    for name, found in costs.items():
        each = statistics.median(cost.microseconds for cost in found)
        lost = [cost.made - cost.received for cost in found]
        goal = f"   {each / own:5.1f}x ours, goal {GOALS[name]}x" if name in GOALS else ""
        print(f"{name:14} {each:6.3f} µs of CPU per event, lost {lost}{goal}")
    share = statistics.median(cost.cpu_seconds / STEADY_SECONDS for cost in steady)
    print(f"{STEADY_RATE} events/s, nobody watching: {share:.1%} of a core, goal 4%")


if __name__ == "__main__":
    main()

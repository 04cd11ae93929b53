"""What an agent takes of its host while nothing is traced, and what a runner takes.

python -m tests.bench.rest [SECONDS]
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from tests.bench.agents import cpu_seconds, resident_mib
from tests.bench.browser_page import resting_stack
from tests.e2e.processes import one, with_module
from tests.e2e.stack import Stack
from tests.workloads.spawn import workload


def measure(stack: Stack, seconds: float) -> dict[str, float]:
    assert stack.process is not None
    agent = [one(stack.process.pid, module) for module in ("agent.link", "agent.cli")]
    before = sum(map(cpu_seconds, agent))
    time.sleep(seconds)
    found = {
        "agent_cpu_percent": 100 * (sum(map(cpu_seconds, agent)) - before) / seconds,
        "agent_mib": sum(map(resident_mib, agent)),
        "agent_shared_out_mib": sum(map(_proportional_mib, agent)),
    }
    with workload("stamped_opens.py", 100, 1000) as busy:
        session = stack.detach("opensnoop", "--pid", str(busy.pid))
        (runner,) = with_module(stack.process.pid, "agent.runner")
        found["runner_mib"] = resident_mib(runner)
        stack.command("stop", session)
    return {name: round(value, 2) for name, value in found.items()}


def _proportional_mib(pid: int) -> float:
    """Pages that several processes share are counted in parts: what would be free without this process, about."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) / 1024


def main(seconds: float) -> None:
    with resting_stack() as stack:
        print(json.dumps({"bench": "rest", **measure(stack, seconds)}), flush=True)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0)

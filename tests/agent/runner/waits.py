"""One run of a tool on workloads/waits.c, which shares a CPU with a copy of itself and so is pushed off it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proto.v1.agent_pb2 import Filters
from tests.agent.runner.harness import Run
from tests.waiting import wait_for
from tests.workloads.compiled import running

LEFT, RIGHT, BURN_MS = 13, 7, 12


@dataclass(frozen=True, slots=True)
class Figures:
    """Of a process with one thread: nanoseconds of its sleeps by its own clock, and what the kernel counted for it."""

    left: int
    right: int
    cpu: int
    queued: int
    arrivals: int
    voluntary: int
    pushed_off: int


@dataclass(frozen=True, slots=True)
class Traced:
    """What a run made of the workload. ``unseen``: what its books say happened without a row; ``blind``: how often."""

    pid: int
    figures: Figures
    rows: list[dict[str, Any]]
    unseen: int
    blind: int

    def total(self, measure: str) -> int:
        return sum(row[measure] for row in self.rows)

    def check_count(self, rows: int, happened: int) -> None:
        """Every event has a row or is on the books: counted, or within a time of which they say that no probes ran."""
        assert rows + self.unseen <= happened <= rows + self.unseen + self.blind


def trace_waits(
    program: Path, tool: str, params: Mapping[str, str] | None = None, filters: Filters | None = None, variant: str = ""
) -> Traced:
    """``filters`` are besides the pid. The workload sleeps when the run begins and ends, so that the kernel's figures
    of this very time are known. Nothing may be lost but what the kernel did not show.
    """
    cpu = {min(os.sched_getaffinity(0))}
    with running(program, LEFT, RIGHT, BURN_MS) as work, running(program, LEFT, RIGHT, BURN_MS) as rival:
        for one in (work, rival):
            os.sched_setaffinity(one.pid, cpu)
        wanted = Filters(pid=work.pid)
        wanted.MergeFrom(filters or Filters())
        with Run(tool, params, wanted, variant=variant) as run:
            before = _counted(work.pid)
            rival.go()
            work.go()
            assert work.process.stdout
            own = map(int, work.process.stdout.readline().split())
            figures = Figures(*own, *(b - a for a, b in zip(before, _counted(work.pid), strict=True)))
            run.stop()
            run.wait()
            run.check_books()
            lost = run.lost()
            unseen = lost.pop("unseen", 0)
            assert lost == {}
            assert unseen <= run.ledger.blind
            return Traced(work.pid, figures, run.rows(), unseen, run.ledger.blind)


def _counted(pid: int) -> list[int]:
    """CPU time, run queue time, times it got a CPU, times it left one to wait, times it was pushed off."""
    process = Path(f"/proc/{pid}")
    wait_for(lambda: (process / "stat").read_text().rpartition(") ")[2].startswith("S"), 20, "the workload sleeps")
    switches = re.findall(r"voluntary_ctxt_switches:\s+(\d+)", (process / "status").read_text())
    return [*map(int, (process / "schedstat").read_text().split()), *map(int, switches)]

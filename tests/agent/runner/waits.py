"""One run of a tool on workloads/waits.c, which shares a CPU with a copy of itself and so is pushed off it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proto.v1.agent_pb2 import Filters
from tests.agent.runner.harness import Run
from tests.workloads.compiled import running
from tests.workloads.switches import kept_on, switches

LEFT, RIGHT, BURN_MS = 13, 7, 12
MS = 1_000_000
TICK = 1_000_000_000 // os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Figures:
    """Of a process with one thread: nanoseconds of its sleeps by its own clock, and what the kernel counted for it.

    ``stolen``: what the hypervisor took from its CPU meanwhile. ``clocked``: arrivals whose wait is in ``queued``; who
    is pushed off on its way to sleep waits without the kernel's clock (kernel/sched/stats.h, sched_info_depart).
    """

    left: int
    right: int
    stolen: int
    cpu: int
    queued: int
    clocked: int
    voluntary: int
    pushed_off: int

    @property
    def switches(self) -> int:
        """How often it left its CPU; as often it got one, because it sleeps before and after."""
        return self.voluntary + self.pushed_off


@dataclass(frozen=True, slots=True)
class Traced:
    """What a run made of the workload. ``unseen``: what its books say happened without a row; ``blind``: how often no
    probes ran, ``blind_ns`` for how long together."""

    pid: int
    figures: Figures
    rows: list[dict[str, Any]]
    unseen: int
    blind: int
    blind_ns: int

    def total(self, measure: str) -> int:
        return sum(row[measure] for row in self.rows)

    def check_count(self, rows: int, happened: int) -> None:
        """Every event has a row or is on the books: counted, or within a time of which they say that no probes ran."""
        assert rows + self.unseen <= happened <= rows + self.unseen + self.blind, self

    def check_slots(self, measure: str) -> None:
        """Of each slot together: a table that is read while it is written may have a time one row after its count."""
        for slot in {row["slot"] for row in self.rows}:
            rows = [row for row in self.rows if row["slot"] == slot]
            events, total = (sum(row[name] for row in rows) for name in (measure, "total"))
            assert events << slot <= total < events << (slot + 1), rows


def trace_waits(
    program: Path, tool: str, params: Mapping[str, str] | None = None, filters: Filters | None = None, variant: str = ""
) -> Traced:
    """``filters`` are besides the pid. The workload sleeps when the run begins and ends, so that the kernel's figures
    of this very time are known. Nothing may be lost but what the kernel did not show.
    """
    cpu = min(os.sched_getaffinity(0))
    with ExitStack() as started:
        with kept_on(cpu):
            work, rival = (started.enter_context(running(program, LEFT, RIGHT, BURN_MS)) for _ in range(2))
        wanted = Filters(pid=work.pid)
        wanted.MergeFrom(filters or Filters())
        with Run(tool, params, wanted, variant=variant) as run:
            before = _counted(work.pid, cpu)
            rival.go()
            work.go()
            assert work.process.stdout
            own = map(int, work.process.stdout.readline().split())
            figures = Figures(*own, *(b - a for a, b in zip(before, _counted(work.pid, cpu), strict=True)))
            run.stop()
            run.wait()
            run.check_books()
            lost = run.lost()
            unseen = lost.pop("unseen", 0)
            assert lost == {}
            assert unseen <= run.ledger.blind
            return Traced(work.pid, figures, run.rows(), unseen, run.ledger.blind, run.ledger.blind_ns)


def _counted(pid: int, cpu: int) -> list[int]:
    """Stolen time of its CPU; its CPU time, run queue time and clocked waits there; its switches."""
    left = switches(pid)
    stolen = re.search(rf"^cpu{cpu}(?: \d+){{7}} (\d+)", Path("/proc/stat").read_text(), re.MULTILINE)
    assert stolen
    return [int(stolen[1]) * TICK, *map(int, Path(f"/proc/{pid}/schedstat").read_text().split()), *left]

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


def trace_waits(
    program: Path, tool: str, params: Mapping[str, str] | None = None, filters: Filters | None = None
) -> tuple[int, Figures, list[dict[str, Any]]]:
    """The workload's pid, its figures and the rows of a run on it that lost nothing.

    ``filters`` are besides the pid. The workload sleeps when the run begins and ends, so that the kernel's figures of
    this very time are known.
    """
    cpu = {min(os.sched_getaffinity(0))}
    with running(program, LEFT, RIGHT, BURN_MS) as work, running(program, LEFT, RIGHT, BURN_MS) as rival:
        for one in (work, rival):
            os.sched_setaffinity(one.pid, cpu)
        wanted = Filters(pid=work.pid)
        wanted.MergeFrom(filters or Filters())
        with Run(tool, params, wanted) as run:
            before = _counted(work.pid)
            rival.go()
            work.go()
            assert work.process.stdout
            own = map(int, work.process.stdout.readline().split())
            figures = Figures(*own, *(b - a for a, b in zip(before, _counted(work.pid), strict=True)))
            run.stop()
            run.wait()
            run.check_books()
            assert run.lost() == {}
            return work.pid, figures, run.rows()


def _counted(pid: int) -> list[int]:
    """CPU time, run queue time, times it got a CPU, times it left one to wait, times it was pushed off."""
    process = Path(f"/proc/{pid}")
    wait_for(lambda: (process / "stat").read_text().rpartition(") ")[2].startswith("S"), 20, "the workload sleeps")
    switches = re.findall(r"voluntary_ctxt_switches:\s+(\d+)", (process / "status").read_text())
    return [*map(int, (process / "schedstat").read_text().split()), *map(int, switches)]

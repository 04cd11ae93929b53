"""A thread that waits and works beside a rival on the same CPU, and what the kernel counts for it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.matrix.cell import Facts, Ready, Start
from tests.waiting import wait_for
from tests.workloads.compiled import build, running

LEFT, RIGHT, BURN_MS = 13, 7, 12


def waits(measure: str) -> Start:
    """Says how often it got a CPU (``waits``) or left one (``runs``), by /proc."""

    @contextmanager
    def start(folder: Path) -> Iterator[Ready]:
        program = build("waits.c", folder)
        cpu = {min(os.sched_getaffinity(0))}
        with running(program, LEFT, RIGHT, BURN_MS) as work, running(program, LEFT, RIGHT, BURN_MS) as rival:
            for one in (work, rival):
                os.sched_setaffinity(one.pid, cpu)
            rival.go()
            before: list[int] = []

            def begin() -> None:
                before.append(_counted(work.pid, measure))

            def read(_: str) -> Facts:
                return {measure: _counted(work.pid, measure) - before[0]}

            yield Ready(work, read=read, before=begin)

    return start


def _counted(pid: int, measure: str) -> int:
    process = Path(f"/proc/{pid}")
    wait_for(lambda: (process / "stat").read_text().rpartition(") ")[2].startswith("S"), 60, "the workload sleeps")
    if measure == "waits":
        return int((process / "schedstat").read_text().split()[2])
    return sum(map(int, re.findall(r"voluntary_ctxt_switches:\s+(\d+)", (process / "status").read_text())))

"""A thread that waits and works beside a rival on the same CPU, and what the kernel counts for it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.matrix.cell import Facts, Ready, Start
from tests.workloads.compiled import build, running
from tests.workloads.switches import kept_on, switches

LEFT, RIGHT, BURN_MS = 13, 7, 12


def waits(measure: str) -> Start:
    """Says, as ``measure``, how often it left a CPU: as often it got one, because it sleeps before and after."""

    @contextmanager
    def start(folder: Path) -> Iterator[Ready]:
        program = build("waits.c", folder)
        with ExitStack() as started:
            with kept_on(min(os.sched_getaffinity(0))):
                work, rival = (started.enter_context(running(program, LEFT, RIGHT, BURN_MS)) for _ in range(2))
            rival.go()
            before: list[int] = []

            def begin() -> None:
                before.append(sum(switches(work.pid)))

            def read(_: str) -> Facts:
                return {measure: sum(switches(work.pid)) - before[0]}

            yield Ready(work, read=read, before=begin)

    return start

"""What the kernel counts when a process leaves its CPU, and how to keep it on one."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.waiting import wait_for

READ = 0  # the system call's number


def switches(pid: int) -> tuple[int, int]:
    """Times it left a CPU to wait and was pushed off one, as soon as it waits in read(2).

    It has left its CPU when the kernel tells in which system call it is: a state of S comes before.
    """
    process = Path(f"/proc/{pid}")
    wait_for(lambda: (process / "syscall").read_text().startswith(f"{READ} "), 60, "the workload sleeps")
    voluntary, pushed_off = re.findall(r"voluntary_ctxt_switches:\s+(\d+)", (process / "status").read_text())
    return int(voluntary), int(pushed_off)


@contextmanager
def kept_on(cpu: int) -> Iterator[None]:
    """Whatever is started stays on this CPU. It is not moved there later: a kernel that takes sleepers off the queue
    late (since Linux 6.12) may count one that is moved as queued until it wakes."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cpu})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)

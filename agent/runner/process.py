"""What the runner does to its own process: dies with the warden, leads its own group, gives up what it needs no
more.
"""

from __future__ import annotations

import ctypes
import os
import signal
from pathlib import Path, PurePath

from agent.capabilities import (
    CAP_BPF,
    CAP_DAC_READ_SEARCH,
    CAP_PERFMON,
    CAP_SYS_ADMIN,
    CAP_SYS_PTRACE,
    CAP_SYSLOG,
    PR_SET_PDEATHSIG,
    bound,
    check,
    hold,
    last_capability,
    prctl,
)

PRIORITY = -10
COMPILER_LIBRARIES = ("libLLVM", "libclang")
MADV_DONTNEED = 4

_libc = ctypes.CDLL(None, use_errno=True)


def become_runner() -> None:
    """Own process group; SIGTERM when the warden dies. One that died before shows as the end of its socket."""
    os.setpgid(0, 0)
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def drop_capabilities() -> None:
    """Keep only what reading maps, symbols of other processes and /proc needs. Kernels before 5.8 know neither CAP_BPF
    nor CAP_PERFMON: there CAP_SYS_ADMIN stays in their place."""
    last = last_capability()
    keep = {CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE, CAP_SYSLOG, CAP_PERFMON, CAP_BPF}
    if last < CAP_BPF:
        keep.add(CAP_SYS_ADMIN)
    keep = {capability for capability in keep if capability <= last}
    bound(keep)
    hold(keep)


def join_group(gid: int) -> None:
    """So that files can be given to this group without the capability to give them to any."""
    os.setgroups([gid] if gid else [])


def take_priority() -> None:
    """A reader that waits for its turn behind busy programs loses what they do; its budget bounds what it may cost."""
    os.setpriority(os.PRIO_PROCESS, 0, PRIORITY)


def visit_cpus() -> None:
    """Run on each CPU for a moment: each has a switch between threads before this returns."""
    allowed = os.sched_getaffinity(0)
    for cpu in allowed:
        os.sched_setaffinity(0, {cpu})
    os.sched_setaffinity(0, allowed)


def forget_compiler() -> None:
    """Give back what the compiler has freed, and its code, which would be read again from the file if it were
    needed.
    """
    _libc.malloc_trim(0)
    for line in Path("/proc/self/maps").read_text().splitlines():
        bounds, mode, *_, name = line.split()
        if mode == "r-xp" and PurePath(name).name.startswith(COMPILER_LIBRARIES):
            start, end = (int(bound, 16) for bound in bounds.split("-"))
            check(_libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), MADV_DONTNEED), "madvise")

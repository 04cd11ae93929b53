"""Giving up capabilities for good, by every process of the agent that is not the warden."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Collection
from pathlib import Path

# linux/capability.h
CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE, CAP_SYS_ADMIN, CAP_SYSLOG, CAP_PERFMON, CAP_BPF = 2, 19, 21, 34, 38, 39
CAP_CHECKPOINT_RESTORE = 40  # from Linux 5.9 on; before, CAP_SYS_ADMIN stands for it

# linux/prctl.h
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_KEEPCAPS, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 4, 8, 24, 38
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
_CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


def last_capability() -> int:
    return int(Path("/proc/sys/kernel/cap_last_cap").read_text())


def bound(keep: Collection[int]) -> None:
    """No program that this process becomes gets others than these. Needs CAP_SETPCAP, so it comes first."""
    for capability in range(last_capability() + 1):
        if capability not in keep:
            prctl(PR_CAPBSET_DROP, capability)


def hold(keep: Collection[int]) -> None:
    """Have these and no others, and no way back."""
    prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    bits = sum(1 << capability for capability in keep)
    low, high = bits & 0xFFFFFFFF, bits >> 32
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    check(_libc.capset(header, struct.pack("=6I", low, low, 0, high, high, 0)), "capset")


def prctl(option: int, value: int) -> None:
    zero = ctypes.c_ulong(0)
    check(_libc.prctl(option, ctypes.c_ulong(value), zero, zero, zero), f"prctl {option}")


def check(result: int, what: str) -> None:
    """Raises OSError for a negative result of a call into the C library."""
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")

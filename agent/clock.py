"""The two clocks of a host, in nanoseconds."""

from __future__ import annotations

import time

SECOND = 1_000_000_000


def boot_ns() -> int:
    """Since boot, suspend included; never steps."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def wall_ns() -> int:
    return time.time_ns()

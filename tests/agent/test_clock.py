from __future__ import annotations

import time
from pathlib import Path

from agent.clock import SECOND, boot_ns, wall_ns


def test_the_clocks_are_those_of_the_kernel() -> None:
    uptime = float(Path("/proc/uptime").read_text().split()[0])
    assert abs(boot_ns() / SECOND - uptime) < 1
    assert abs(wall_ns() / SECOND - time.time()) < 1
    assert boot_ns() < boot_ns()

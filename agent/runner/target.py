"""Holds on to the process that a run is about, so that a later process with the same number is never taken for it."""

from __future__ import annotations

import os
from pathlib import Path

from proto.v1.agent_pb2 import Filters


class TargetError(LookupError):
    """There is no such process. The text is one line for people."""


class Target:
    """Of a run with a pid or tid filter. ``descriptor`` is readable once the process has ended."""

    def __init__(self, pid: int, tid: int) -> None:
        self.pid = pid
        self._tid = tid
        try:
            self.descriptor = os.pidfd_open(pid)
        except (OSError, OverflowError) as error:  # a number larger than any process can have
            raise _absent(pid) from error
        self._started = _start_time(self._stat())
        if not self._started:
            os.close(self.descriptor)
            raise _absent(tid or pid)

    def gone(self) -> bool:
        """The thread has ended, or another one has its number."""
        return _start_time(self._stat()) != self._started

    def close(self) -> None:
        os.close(self.descriptor)

    def _stat(self) -> Path:
        process = Path(f"/proc/{self.pid}")
        return process / f"task/{self._tid}/stat" if self._tid else process / "stat"


def hold_target(filters: Filters) -> Target | None:
    """Raises TargetError."""
    if not (filters.HasField("pid") or filters.HasField("tid")):
        return None
    pid = filters.pid or _process_of(filters.tid)
    return Target(pid, filters.tid)


def _process_of(tid: int) -> int:
    try:
        status = Path(f"/proc/{tid}/status").read_text("utf-8", "replace")
    except OSError as error:
        raise _absent(tid) from error
    return int(next(line for line in status.splitlines() if line.startswith("Tgid:")).split()[1])


def _start_time(stat: Path) -> str:
    """Clock ticks since boot; with the number it names one task for ever. Empty when it is gone or a zombie."""
    try:
        fields = stat.read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]


def _absent(pid: int) -> TargetError:
    return TargetError(f"no process {pid} runs on this host; see its processes with: ps -e")

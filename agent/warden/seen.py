"""Run ids that this host was asked to start: a start happens at most once, restarts of the agent included."""

from __future__ import annotations

import os
from pathlib import Path

from agent.clock import SECOND
from agent.files import write_all, write_atomic

KEEP_NS = 7 * 24 * 3600 * SECOND  # an envelope lives a minute; the rest is for clocks that step


class SeenRuns:
    """One line a run: wall clock ns and id. Old lines go when the warden starts."""

    def __init__(self, path: Path, wall_ns: int) -> None:
        self._path = path
        self._ids: set[str] = set()
        lines = [line.split() for line in path.read_text().splitlines()] if path.exists() else []
        kept = [line for line in lines if len(line) == 2 and line[0].isdigit() and int(line[0]) > wall_ns - KEEP_NS]
        self._ids.update(line[1] for line in kept)
        write_atomic(path, "".join(f"{time} {name}\n" for time, name in kept).encode())

    def __contains__(self, run_id: bytes) -> bool:
        return run_id.hex() in self._ids

    def add(self, run_id: bytes, wall_ns: int) -> None:
        """Durable when it returns. Raises OSError."""
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            write_all(descriptor, f"{wall_ns} {run_id.hex()}\n".encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self._ids.add(run_id.hex())

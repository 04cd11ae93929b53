"""What was read of files, kept in memory while they stay as they are."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")
MOST = 20_000  # files
Stamp = tuple[int, int, int]


class Known(Generic[T]):
    """Thread-safe. ``read`` makes the value of a file and may raise; then nothing is kept."""

    def __init__(self, read: Callable[[Path], T]) -> None:
        self._read = read
        self._lock = Lock()
        self._values: OrderedDict[Path, tuple[Stamp, T]] = OrderedDict()

    def of(self, path: Path) -> T:
        """Raises FileNotFoundError, and what reading raises."""
        stamp = stamp_of(path.stat())
        with self._lock:
            known = self._values.get(path)
        if known is not None and known[0] == stamp:
            return known[1]
        value = self._read(path)
        with self._lock:
            self._values[path] = (stamp, value)
            while len(self._values) > MOST:
                self._values.popitem(last=False)
        return value


def stamp_of(status: os.stat_result) -> Stamp:
    return status.st_ino, status.st_size, status.st_mtime_ns

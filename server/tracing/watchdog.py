"""Stops what takes too long: one thread for everything that runs, because a thread for each costs a short question more
than the rest of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Condition, Thread
from time import monotonic


@dataclass(slots=True, eq=False)
class _Work:
    stop: Callable[[], None]
    deadline: float


class Watchdog:
    """Thread-safe. Its thread starts with the first work."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._running: list[_Work] = []
        self._looks_at = math.inf
        self._thread: Thread | None = None

    @contextmanager
    def limiting(self, seconds: float, stop: Callable[[], None]) -> Iterator[None]:
        """Inside, ``stop`` is called once when so many seconds are over, from another thread; never afterwards."""
        work = _Work(stop, monotonic() + seconds)
        with self._changed:
            self._running.append(work)
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._watch, name="watchdog", daemon=True)
                self._thread.start()
            elif work.deadline < self._looks_at:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._running.remove(work)

    def _watch(self) -> None:
        with self._changed:
            while True:
                self._looks_at = self._stop_due()
                self._changed.wait(None if self._looks_at == math.inf else self._looks_at - monotonic())

    def _stop_due(self) -> float:
        """When the next is due. By itself, so that the thread holds on to no work while it waits."""
        now = monotonic()
        for work in self._running:
            if work.deadline <= now:
                work.deadline = math.inf
                work.stop()
        return min((work.deadline for work in self._running), default=math.inf)

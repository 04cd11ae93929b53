"""The warden's event loop: descriptors, timers and signals in one thread, on epoll."""

from __future__ import annotations

import heapq
import itertools
import os
import selectors
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field

Callback = Callable[[], None]


@dataclass(order=True, slots=True)
class Timer:
    at: float
    order: int
    callback: Callback | None = field(compare=False)

    def cancel(self) -> None:
        self.callback = None


class Loop:
    """Callbacks must not block: everything that the warden does for a run waits behind them."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._timers: list[Timer] = []
        self._order = itertools.count()
        self._running = False

    def watch(self, descriptor: int, on_read: Callback | None, on_write: Callback | None = None) -> None:
        """Call when it can be read or written; again for the same descriptor: replace."""
        events = (selectors.EVENT_READ if on_read else 0) | (selectors.EVENT_WRITE if on_write else 0)
        if descriptor in self._selector.get_map():
            self._selector.modify(descriptor, events, (on_read, on_write))
        else:
            self._selector.register(descriptor, events, (on_read, on_write))

    def unwatch(self, descriptor: int) -> None:
        if descriptor in self._selector.get_map():
            self._selector.unregister(descriptor)

    def call_later(self, seconds: float, callback: Callback) -> Timer:
        timer = Timer(time.monotonic() + seconds, next(self._order), callback)
        heapq.heappush(self._timers, timer)
        return timer

    def every(self, seconds: float, callback: Callback) -> None:
        def again() -> None:
            callback()
            self.call_later(seconds, again)

        self.call_later(seconds, again)

    def on_signals(self, numbers: tuple[signal.Signals, ...], callback: Callable[[int], None]) -> None:
        """Deliver signals as ordinary callbacks."""
        read, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        for number in numbers:
            signal.signal(number, lambda *_: None)

        def ready() -> None:
            for number in os.read(read, 64):
                callback(number)

        self.watch(read, ready)

    def run(self) -> None:
        self._running = True
        while self._running:
            self._run_timers()
            for key, events in self._selector.select(self._timeout()):
                on_read, on_write = key.data
                if events & selectors.EVENT_READ and on_read and self._current(key):
                    on_read()
                if events & selectors.EVENT_WRITE and on_write and self._current(key):
                    on_write()

    def stop(self) -> None:
        self._running = False

    def close(self) -> None:
        self._selector.close()

    def _current(self, key: selectors.SelectorKey) -> bool:
        """An earlier callback of the same round may have closed or replaced the descriptor."""
        return self._selector.get_map().get(key.fd) is key

    def _timeout(self) -> float | None:
        if not self._running:
            return 0.0
        return max(0.0, self._timers[0].at - time.monotonic()) if self._timers else None

    def _run_timers(self) -> None:
        now = time.monotonic()
        while self._timers and self._timers[0].at <= now:
            callback = heapq.heappop(self._timers).callback
            if callback is not None:
                callback()

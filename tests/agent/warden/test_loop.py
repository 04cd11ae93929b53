from __future__ import annotations

import os
import signal
import threading
import time
from functools import partial

from agent.warden.loop import Loop


def _run(loop: Loop, seconds: float = 5) -> None:
    loop.call_later(seconds, loop.stop)
    loop.run()


def test_timers_run_in_order_and_a_cancelled_one_does_not() -> None:
    loop, seen = Loop(), []
    loop.call_later(0.03, lambda: seen.append("late"))
    loop.call_later(0.01, lambda: seen.append("early"))
    loop.call_later(0.02, lambda: seen.append("never")).cancel()
    loop.call_later(0.04, loop.stop)
    loop.run()
    assert seen == ["early", "late"]


def test_a_repeated_callback_repeats() -> None:
    loop, seen = Loop(), []
    loop.every(0.01, lambda: seen.append(time.monotonic()))
    loop.every(0.005, lambda: loop.stop() if len(seen) >= 3 else None)
    _run(loop)
    assert len(seen) == 3


def test_readable_and_writable_descriptors_are_told_apart() -> None:
    loop, seen = Loop(), []
    read, write = os.pipe()

    def writable() -> None:
        seen.append("w")
        loop.unwatch(write)
        os.write(write, b"x")

    loop.watch(write, None, writable)

    def readable() -> None:
        seen.append("r")
        loop.stop()

    loop.watch(read, readable)
    _run(loop)
    assert seen == ["w", "r"]


def test_what_an_earlier_callback_closed_is_not_called() -> None:
    loop, seen = Loop(), []
    pipes = [os.pipe(), os.pipe()]

    def reader(own: int, other: int) -> None:
        seen.append(own)
        loop.unwatch(other)
        loop.stop()

    for (read, write), (other, _) in zip(pipes, reversed(pipes), strict=True):
        os.write(write, b"x")
        loop.watch(read, partial(reader, read, other))
    _run(loop)
    assert len(seen) == 1


def test_signals_are_ordinary_callbacks() -> None:
    loop, seen = Loop(), []
    before = signal.getsignal(signal.SIGUSR1)

    def heard(number: int) -> None:
        seen.append(number)
        loop.stop()

    loop.on_signals((signal.SIGUSR1,), heard)
    threading.Timer(0.05, lambda: os.kill(os.getpid(), signal.SIGUSR1)).start()
    _run(loop)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGUSR1, before)
    loop.close()
    assert seen == [signal.SIGUSR1]

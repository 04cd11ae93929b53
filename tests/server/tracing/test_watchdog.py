from __future__ import annotations

import threading
from threading import Event

from server.tracing.watchdog import Watchdog

PATIENCE = 30.0


def test_what_takes_too_long_is_stopped_and_all_else_is_not() -> None:
    watchdog, stopped, other = Watchdog(), Event(), Event()
    with watchdog.limiting(PATIENCE * 100, other.set), watchdog.limiting(0.01, stopped.set):
        assert stopped.wait(PATIENCE)
    assert not other.is_set()


def test_it_is_stopped_once() -> None:
    watchdog, stops, done = Watchdog(), [], Event()
    with watchdog.limiting(0.01, lambda: stops.append("late")), watchdog.limiting(0.05, done.set):
        assert done.wait(PATIENCE)
    assert stops == ["late"]


def test_nothing_is_stopped_once_it_is_over() -> None:
    watchdog, inside, after = Watchdog(), Event(), []

    def stop() -> None:
        if not inside.is_set():
            after.append(1)

    for _ in range(200):
        inside.set()
        with watchdog.limiting(0.0005, stop):
            pass
        inside.clear()
    last = Event()
    with watchdog.limiting(0.01, last.set):
        assert last.wait(PATIENCE)
    assert not after


def test_one_thread_watches_all() -> None:
    before, watchdog = set(threading.enumerate()), Watchdog()
    for _ in range(3):
        with watchdog.limiting(PATIENCE, lambda: None), watchdog.limiting(PATIENCE, lambda: None):
            own = [each for each in set(threading.enumerate()) - before if each.name == "watchdog"]
            assert len(own) == 1

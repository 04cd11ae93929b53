"""Ctrl-C while a session of ours runs: the first asks it to stop and lets its last rows arrive, the second leaves."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from fleetscope.cli.output import complain, note
from fleetscope.client import connect
from fleetscope.errors import FleetscopeError


class Interrupt:
    def __init__(self, session_id: str) -> None:
        self.session_id = session_id
        self.signal: int | None = None

    def handle(self, number: int, _frame: FrameType | None) -> None:
        if self.signal is not None:
            raise KeyboardInterrupt
        self.signal = number
        note(f"stopping session {self.session_id[:8]}; once more to leave without waiting")
        # Not in the handler itself: it may have interrupted the client in the middle of a read.
        threading.Thread(target=ask_to_stop, args=(self.session_id,), daemon=True).start()


@contextmanager
def stopping_on_signals(session_id: str) -> Iterator[Interrupt]:
    interrupt = Interrupt(session_id)
    before = {number: signal.signal(number, interrupt.handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def ask_to_stop(session_id: str) -> None:
    try:
        with connect() as client:
            client.stop(session_id)
    except FleetscopeError as error:
        complain(f"could not stop session {session_id[:8]}: {error}; it ends by its own limits")

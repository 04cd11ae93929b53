"""Brings what was written to the disk, in a thread of its own: a slow disk must not keep the rings from being read.

What is written survives the death of this process at once; what is durable survives that of the machine, and only that
is told to anybody.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from dataclasses import dataclass


@dataclass(slots=True)
class _Due:
    """``last``: nothing more comes for this descriptor, which is then closed."""

    descriptor: int
    seq: int
    last: bool = False


class Syncer:
    """``descriptor`` can be read when more has become durable."""

    def __init__(self) -> None:
        self.descriptor = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._due: deque[_Due] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._busy = False
        self._durable = 0
        self._error: OSError | None = None

    @property
    def durable(self) -> int:
        """Everything up to this seq is on the disk."""
        return self._durable

    def want(self, descriptor: int, seq: int, *, last: bool = False) -> None:
        """Raises OSError when the disk has failed before."""
        with self._changed:
            if self._error is not None and not last:
                raise self._error
            if self._due and self._due[-1].descriptor == descriptor:
                self._due[-1] = _Due(descriptor, seq, last)
            else:
                self._due.append(_Due(descriptor, seq, last))
            self._start()
            self._changed.notify_all()

    def settle(self) -> None:
        """Wait until all that was wanted is done. Raises OSError."""
        with self._changed:
            self._changed.wait_for(lambda: not self._due and not self._busy)
            if self._error is not None:
                raise self._error

    def heard(self) -> None:
        """Make ``descriptor`` wait for the next time."""
        try:
            os.eventfd_read(self.descriptor)
        except BlockingIOError:
            return

    def _start(self) -> None:
        # Not before it is needed: threads keep the capabilities that the process had when they began.
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="syncer", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._due)
                due = self._due.popleft()
                self._busy = True
            error = _synced(due)
            with self._changed:
                self._busy = False
                self._error = self._error or error
                if self._error is None:
                    self._durable = max(self._durable, due.seq)
                self._changed.notify_all()
            os.eventfd_write(self.descriptor, 1)


def _synced(due: _Due) -> OSError | None:
    try:
        os.fdatasync(due.descriptor)
    except OSError as error:
        return error
    finally:
        if due.last:
            os.close(due.descriptor)
    return None

"""What one browser still has to get. Pure: no sockets, no clock, no channel layer.

The queue is bounded in bytes and counts what was sent until the browser says that it has drawn it. When it is full,
live batches are skipped and the browser is told which ones; all of them are stored.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from proto.v1.live_pb2 import LiveMessage, Skipped

MAX_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Rows:
    """One stored batch as a message; a batch without rows has none and only moves the cursor."""

    run: str
    seq: int
    rows: int
    payload: bytes | None
    total: int = 0  # rows of the run up to and with this batch


class Viewer:
    """``cursors``: of each run, everything up to this seq is held by the browser."""

    def __init__(self, cursors: dict[str, int], max_bytes: int = MAX_BYTES) -> None:
        self.cursors = dict(cursors)
        self.live = False  # has read up and gets what the tail reads
        self._max_bytes = max_bytes
        self._state: bytes | None = None
        self._queue: deque[tuple[bytes, bool]] = deque()  # message, is it a batch
        self._undrawn: deque[int] = deque()  # sizes of batches that are queued, or sent and not yet drawn
        self._bytes = 0  # their sum
        self._sent = 0
        self._drawn = 0
        self._skipped: dict[str, Skipped] = {}
        self._totals: dict[str, int] = {}

    @property
    def held(self) -> int:
        """Bytes of batches that are queued, or sent and not yet drawn."""
        return self._bytes

    @property
    def room(self) -> bool:
        """Three quarters of the bound are free: time to read on, for what is read at once may take more than half."""
        return self._bytes <= self._max_bytes // 4

    def state(self, payload: bytes) -> None:
        """Goes out before the rows that are queued; only the newest one is sent."""
        self._state = payload

    def queue(self, batch: Rows) -> None:
        """Take a batch whatever the queue holds: for reading up, where one waits for room before one reads."""
        if batch.seq <= self.cursors.get(batch.run, 0):
            return
        self.cursors[batch.run] = batch.seq
        self._totals[batch.run] = batch.total
        if batch.payload is not None:
            self._tell_skipped(batch.run)
            self._queue.append((batch.payload, True))
            self._undrawn.append(len(batch.payload))
            self._bytes += len(batch.payload)

    def offer(self, batch: Rows) -> None:
        """Take a live batch, or skip it when there is no room for it."""
        if batch.payload is None or self._fits(batch.run, len(batch.payload)):
            self.queue(batch)
        elif batch.seq > self.cursors.get(batch.run, 0):
            self.cursors[batch.run], self._totals[batch.run] = batch.seq, batch.total
            self._skip(batch)

    def jump(self, run: str, seq: int, total: int) -> None:
        """Give up reading up: skip what stands before ``seq`` and it too. ``total``: rows of the run up to there."""
        missed = seq - self.cursors.get(run, 0)
        if missed > 0:
            rows = max(total - self._totals.get(run, 0), 0)
            self._skip(Rows(run, seq - missed + 1, 0, None))
            self._skip(Rows(run, seq, rows, None))
            self.cursors[run], self._totals[run] = seq, total

    def next(self) -> bytes | None:
        """The message to send now, if there is one."""
        if self._state is not None:
            state, self._state = self._state, None
            return state
        if not self._queue and self.room:
            for run in list(self._skipped):
                self._tell_skipped(run)
        if not self._queue:
            return None
        payload, is_batch = self._queue.popleft()
        self._sent += is_batch
        return payload

    def seen(self, messages: int) -> None:
        """The browser has drawn so many batches of this connection; more than were sent cannot be."""
        while self._drawn < min(messages, self._sent):
            self._bytes -= self._undrawn.popleft()
            self._drawn += 1

    def _fits(self, run: str, size: int) -> bool:
        # A skipped run goes on only when there is real room again: a few long gaps instead of many short ones.
        if run in self._skipped:
            return self.room
        return not self._bytes or self._bytes + size <= self._max_bytes

    def _skip(self, batch: Rows) -> None:
        gap = self._skipped.setdefault(batch.run, Skipped(run=batch.run, first_seq=batch.seq))
        gap.last_seq = batch.seq
        gap.rows += batch.rows

    def _tell_skipped(self, run: str) -> None:
        gap = self._skipped.pop(run, None)
        if gap is not None:
            self._queue.append((LiveMessage(skipped=gap).SerializeToString(), False))

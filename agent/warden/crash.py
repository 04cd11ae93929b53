"""Ends a run whose runner died without an end frame of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable

from agent.clock import boot_ns, wall_ns
from agent.kernel.counters import Counters
from agent.warden.books import Moment, close_books, end_head, unknown_end
from agent.warden.loop import Loop
from agent.warden.meters import Meters
from agent.warden.run_folder import RunFolder, Tail
from proto.v1.agent_pb2 import RunUpdate
from proto.v1.stream_pb2 import BatchHead, Ledger, RunEnd

log = logging.getLogger(__name__)

SETTLE_SECONDS = 0.05
SETTLE_ROUNDS = 40
RETRY_SECONDS = 1.0  # while the disk is full


class CrashCloser:
    """Programs may still be running on another CPU when their runner is gone: counters count once they stand still."""

    def __init__(
        self,
        loop: Loop,
        folder: RunFolder,
        meters: Meters | None,
        reported: Ledger,
        gid: int,
        done: Callable[[RunUpdate], None],
    ) -> None:
        self._loop, self._folder, self._meters = loop, folder, meters
        self._reported, self._gid, self._done = reported, gid, done
        self._rounds = 0

    def close(self, end: RunEnd) -> None:
        tail = self._folder.tail()
        if tail is not None and tail.head.HasField("end"):
            self._done(ended_by(tail.head))
        elif self._meters is None:
            self._write(tail, *self._without_counters(tail, end))
        else:
            self._settle(self._meters, end, None)

    def _without_counters(self, tail: Tail | None, end: RunEnd) -> tuple[Ledger, RunEnd]:
        """Never attached: nothing was counted. With frames on the spool that cannot be."""
        return (Ledger(), end) if tail is None else unknown_end(tail.head, end.cause, end.message)

    def _settle(self, meters: Meters, end: RunEnd, before: Counters | None) -> None:
        try:
            now = meters.counters()
        except OSError as error:
            log.error("counters of run %s cannot be read: %s", self._folder.run_id.hex(), error)
            tail = self._folder.tail()
            self._write(tail, *unknown_end(tail.head if tail else None, end.cause, end.message))
            return
        self._rounds += 1
        if now == before or self._rounds > SETTLE_ROUNDS:
            self._close_books(now, end)
        else:
            self._loop.call_later(SETTLE_SECONDS, lambda: self._settle(meters, end, now))

    def _close_books(self, counters: Counters, end: RunEnd) -> None:
        tail = self._folder.tail()
        last = tail.head if tail else None
        try:
            self._write(tail, close_books(counters, self._reported, last, _now()), end)
        except ValueError as error:
            self._write(tail, *unknown_end(last, end.cause, f"{end.message}; its books do not close: {error}"))

    def _write(self, tail: Tail | None, ledger: Ledger, end: RunEnd) -> None:
        head = end_head(self._folder.run_id, tail.head if tail else None, ledger, end, _now())
        try:
            self._folder.append_end(head, self._gid)
        except OSError as error:
            log.error("run %s cannot be closed on disk, trying again: %s", self._folder.run_id.hex(), error)
            self._loop.call_later(RETRY_SECONDS, lambda: self._write(tail, ledger, end))
        else:
            self._done(ended_by(head))


def ended_by(head: BatchHead) -> RunUpdate:
    """What the run's last frame says, as an update."""
    return RunUpdate(
        run_id=head.run_id,
        state=RunUpdate.STATE_ENDED,
        end=head.end,
        ledger=head.ledger,
        spooled_seq=head.seq,
    )


def _now() -> Moment:
    return Moment(boot_ns(), wall_ns())

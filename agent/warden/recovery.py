"""Takes over the run folders of a warden that died: waits for its runners to end, closes what they could not."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable

from agent.clock import boot_ns, wall_ns
from agent.warden.books import Moment, end_head, unknown_end
from agent.warden.child import is_alive
from agent.warden.loop import Loop
from agent.warden.run_folder import RunFolder, RunnerMark
from agent.warden.sweep import sweep
from proto.v1.stream_pb2 import BatchHead, EndCause

log = logging.getLogger(__name__)

WAIT_SECONDS = 4.0
POLL_SECONDS = 0.1
RETRY_SECONDS = 1.0  # while the disk is full
MESSAGE = "the agent died and its runner with it; what was not yet on the spool is lost and was not counted"


class Recovery:
    """``done`` gets every folder, ended on disk, and the head of its last frame."""

    def __init__(self, loop: Loop, gid: int, done: Callable[[RunFolder, BatchHead], None]) -> None:
        self._loop, self._gid, self._done = loop, gid, done
        self._deadline = time.monotonic() + WAIT_SECONDS

    def take_over(self, folder: RunFolder) -> None:
        """The old runner closes its own books within 2 s of the old warden's death: till then the spool is its."""
        runner = folder.runner()
        if runner is not None and is_alive(runner):
            if time.monotonic() > self._deadline:
                _kill(runner)
            self._loop.call_later(POLL_SECONDS, lambda: self.take_over(folder))
            return
        if runner is not None:
            sweep(runner.pid)
        self._close(folder)

    def _close(self, folder: RunFolder) -> None:
        try:
            head = close(folder, self._gid)
        except OSError as error:
            log.error("run %s cannot be closed on disk, trying again: %s", folder.run_id.hex(), error)
            self._loop.call_later(RETRY_SECONDS, lambda: self._close(folder))
        else:
            self._done(folder, head)


def close(folder: RunFolder, gid: int) -> BatchHead:
    """Head of the last frame; one that says so is added where the runner wrote none. Raises OSError."""
    tail = folder.tail()
    if tail is not None and tail.head.HasField("end"):
        return tail.head
    last = tail.head if tail else None
    ledger, end = unknown_end(last, EndCause.END_CAUSE_AGENT_STOPPED, MESSAGE)
    head = end_head(folder.run_id, last, ledger, end, Moment(boot_ns(), wall_ns()))
    folder.ensure_spool(gid)
    folder.append_end(head, gid)
    return head


def _kill(runner: RunnerMark) -> None:
    try:
        descriptor = os.pidfd_open(runner.pid)
    except OSError:
        return
    try:
        if is_alive(runner):
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    finally:
        os.close(descriptor)

"""One run's frames on their way: what was read, sent and acknowledged."""

from __future__ import annotations

import logging
import time
from collections import deque
from pathlib import Path

from agent.clock import boot_ns
from agent.link.spool_reader import Piece, SpoolDamaged, SpoolReader
from proto import frame
from proto.v1.stream_pb2 import BatchHead, EndCause, RunEnd

log = logging.getLogger(__name__)

WINDOW_FRAMES = 64  # a watched run makes 40 in a second, and a bad road takes as long there and back
WINDOW_BYTES = 8 * 1024 * 1024
SAME_REJECT_SECONDS = 1.0
SAME_REJECT_MAX = 5
MAX_WHY = 500
LAST_LOST = "the batch that closes the books was damaged on the host's disk; check that disk"


class Stuck(RuntimeError):
    """The server refuses the same frame again and again; a new connection may help."""


class Upload:
    """``spooled`` and ``ended`` come from the warden, ``acked`` from the server."""

    def __init__(self, run_id: bytes, spool: Path, acked: int) -> None:
        self.run_id = run_id
        self.spooled, self.acked = 0, acked
        self.ended = False
        self._reader = SpoolReader(spool, acked + 1)
        self._flight: deque[tuple[int, int]] = deque()
        self._flight_bytes = 0
        self._rejected = (0, 0, 0.0)  # seq, how often, when last

    @property
    def ready(self) -> bool:
        """There is a frame to send and room for it."""
        room = len(self._flight) < WINDOW_FRAMES and self._flight_bytes < WINDOW_BYTES
        return room and self._reader.next_seq <= self.spooled

    @property
    def done(self) -> bool:
        return self.ended and self.acked >= self.spooled

    def next(self) -> Piece | None:
        """What the disk does not hold whole any more comes as a frame that says so. None once the spool is gone."""
        try:
            # Again: the file may have been trimmed between the two looks at it. What was announced is there.
            piece = self._reader.read() or self._reader.read() or self._lost("it is not whole")
        except SpoolDamaged as error:
            piece = self._lost(str(error))
        except FileNotFoundError:
            return None
        self._flight.append((piece.seq, len(piece.raw)))
        self._flight_bytes += len(piece.raw)
        return piece

    def _lost(self, why: str) -> Piece:
        """Raises FileNotFoundError."""
        head = BatchHead(run_id=self.run_id, seq=self._reader.next_seq, damaged=why[:MAX_WHY])
        head.boot_ns = self._reader.give_up() or boot_ns()
        if self.ended and head.seq == self.spooled:
            head.end.CopyFrom(RunEnd(cause=EndCause.END_CAUSE_AGENT_STOPPED, message=LAST_LOST, ledger_known=False))
        log.error("run %s: batch %s cannot be read from the spool: %s", self.run_id.hex(), head.seq, why)
        return Piece(head.seq, frame.encode(head))

    def restart(self) -> None:
        """A new connection goes on behind the last ack."""
        self._go_to(self.acked + 1)
        self._rejected = (0, 0, 0.0)

    def ack(self, seq: int) -> bool:
        """True when it is news. May be ahead of what was sent: what a warden knew of acks dies with it."""
        if not self.acked < seq <= self.spooled:
            return False
        self.acked = seq
        if seq >= self._reader.next_seq:
            self._go_to(seq + 1)
        while self._flight and self._flight[0][0] <= seq:
            self._flight_bytes -= self._flight.popleft()[1]
        return True

    def reject(self, expected: int) -> None:
        """Go back; every frame that was in flight behind the bad one is rejected too, which needs no second going back.

        Raises Stuck.
        """
        seq, count, when = self._rejected
        if seq != expected:
            count = 0
        elif time.monotonic() - when < SAME_REJECT_SECONDS:
            return
        if count >= SAME_REJECT_MAX:
            raise Stuck(f"the server refuses frame {expected} of run {self.run_id.hex()} again and again")
        self._rejected = (expected, count + 1, time.monotonic())
        self._go_to(expected)

    def close(self) -> None:
        self._reader.close()

    def _go_to(self, seq: int) -> None:
        self._flight.clear()
        self._flight_bytes = 0
        self._reader.seek(seq)

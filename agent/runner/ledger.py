"""The books of a run: ``seen = stored + everything lost`` holds exactly when it has ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from agent.clock import boot_ns
from agent.kernel.counters import read_counters
from agent.runner.room import Room
from proto.v1 import stream_pb2 as pb


class Ledger:
    """Counters of the kernel and of this process in one place. Without a counters map everything is 0."""

    def __init__(self, counters_fd: int = -1, program_fds: Iterable[int] = (), room: Room | None = None) -> None:
        """``room`` follows what a larger buffer would have held."""
        self._counters_fd, self._room = counters_fd, room
        self._programs = list(program_fds)
        self._losses: dict[pb.LossCause, pb.Loss] = {}
        self.seen = 0
        self.stored = 0
        self._blind = self._blind_ns = 0
        self._redacted: Counter[str] = Counter()

    def redact(self, values: Mapping[str, int]) -> None:
        """Of rows that are about to be stored, by kind."""
        self._redacted.update(values)

    def store(self, events: int) -> None:
        self.stored += events

    def lose(self, cause: pb.LossCause, events: int) -> None:
        """Noticed in this process."""
        self._set(cause, self.lost(cause) + events)

    def lost(self, cause: pb.LossCause) -> int:
        return self._losses[cause].events if cause in self._losses else 0

    def read_kernel(self) -> None:
        """Bring what BPF counts up to date."""
        if self._counters_fd < 0:
            return
        counters = read_counters(self._counters_fd, self._programs)
        for cause, events in counters.lost.items():
            self._set(cause, events)
        if self._room and (loss := self._losses.get(pb.LOSS_CAUSE_RING)):
            loss.buffer_bytes = self._room.needed(self._counters_fd)
        self.seen = counters.seen
        self._blind, self._blind_ns = counters.blind, counters.blind_ns

    def balance(self) -> int:
        """Events that were seen and are neither stored nor lost: in flight, 0 when the books are closed."""
        return self.seen - self.stored - sum(loss.events for loss in self._losses.values())

    def message(self) -> pb.Ledger:
        return pb.Ledger(
            seen=self.seen,
            stored=self.stored,
            lost=[self._losses[cause] for cause in sorted(self._losses)],
            blind=self._blind,
            blind_ns=self._blind_ns,
            redacted=[pb.Redacted(kind=kind, values=self._redacted[kind]) for kind in sorted(self._redacted)],
        )

    def _set(self, cause: pb.LossCause, events: int) -> None:
        if events == self.lost(cause):
            return
        now = boot_ns()
        loss = self._losses.setdefault(cause, pb.Loss(cause=cause, first_boot_ns=now))
        loss.events = events
        loss.last_boot_ns = now

"""The books of a run: ``seen = stored + everything lost`` holds exactly when it has ended."""

from __future__ import annotations

from collections.abc import Iterable

from agent.clock import boot_ns
from agent.kernel.bpf_syscall import prog_stats, read_percpu_u64
from proto.v1 import stream_pb2 as pb

SEEN = 0
KERNEL_CAUSES = (
    pb.LOSS_CAUSE_RING,
    pb.LOSS_CAUSE_THROTTLED,
    pb.LOSS_CAUSE_MAP_FULL,
    pb.LOSS_CAUSE_STACK_FULL,
)


class Ledger:
    """Counters of the kernel and of this process in one place. Without a counters map everything is 0."""

    def __init__(self, counters_fd: int = -1, program_fds: Iterable[int] = ()) -> None:
        self._counters_fd = counters_fd
        self._programs = list(program_fds)
        self._losses: dict[pb.LossCause, pb.Loss] = {}
        self.seen = 0
        self.stored = 0

    def store(self, events: int) -> None:
        self.stored += events

    def lose(self, cause: pb.LossCause, events: int) -> None:
        """Noticed in this process."""
        self._set(cause, self.lost(cause) + events)

    def lost(self, cause: pb.LossCause) -> int:
        return self._losses[cause].events if cause in self._losses else 0

    def read_kernel(self) -> None:
        """Bring what BPF counts up to date. Losses first: an event is counted as seen before it can be lost."""
        if self._counters_fd < 0:
            return
        for cause in KERNEL_CAUSES:
            self._set(cause, read_percpu_u64(self._counters_fd, cause))
        missed = sum(prog_stats(fd).recursion_misses for fd in self._programs)
        self._set(pb.LOSS_CAUSE_MISSED, missed)
        self.seen = read_percpu_u64(self._counters_fd, SEEN) + missed

    def balance(self) -> int:
        """Events that were seen and are neither stored nor lost: in flight, 0 when the books are closed."""
        return self.seen - self.stored - sum(loss.events for loss in self._losses.values())

    def message(self) -> pb.Ledger:
        return pb.Ledger(
            seen=self.seen, stored=self.stored, lost=[self._losses[cause] for cause in sorted(self._losses)]
        )

    def _set(self, cause: pb.LossCause, events: int) -> None:
        if events == self.lost(cause):
            return
        now = boot_ns()
        loss = self._losses.setdefault(cause, pb.Loss(cause=cause, first_boot_ns=now))
        loss.events = events
        loss.last_boot_ns = now

"""What a run's programs count of their events in the kernel, through descriptors that runner and warden hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from agent.kernel.bpf_syscall import prog_stats, read_percpu_u64
from proto.v1.stream_pb2 import LossCause

# Indices of the counters map beside the numbers of the causes; the same as in bpf/include/types.h.
SEEN, BLIND, BLIND_NS = 0, 14, 15
KERNEL_CAUSES = (
    LossCause.LOSS_CAUSE_RING,
    LossCause.LOSS_CAUSE_THROTTLED,
    LossCause.LOSS_CAUSE_MAP_FULL,
    LossCause.LOSS_CAUSE_STACK_FULL,
    LossCause.LOSS_CAUSE_UNSEEN,
)


@dataclass(frozen=True, slots=True)
class Counters:
    """``seen`` includes the events that a program missed because it was already running on that CPU. ``blind`` is how
    often a CPU ran no programs for a while, which took ``blind_ns`` together."""

    seen: int
    lost: Mapping[LossCause, int]
    blind: int = 0
    blind_ns: int = 0


def read_counters(map_fd: int, program_fds: Iterable[int]) -> Counters:
    """Losses first: an event is counted as seen before it can be lost. Raises OSError."""
    found = {cause: read_percpu_u64(map_fd, cause) for cause in KERNEL_CAUSES}
    missed = sum(prog_stats(descriptor).recursion_misses for descriptor in program_fds)
    found[LossCause.LOSS_CAUSE_MISSED] = missed
    lost = {cause: events for cause, events in found.items() if events}
    seen = read_percpu_u64(map_fd, SEEN) + missed
    # The count first, so that there is no count without its time: BPF adds to them in the other order.
    return Counters(seen, lost, read_percpu_u64(map_fd, BLIND), read_percpu_u64(map_fd, BLIND_NS))

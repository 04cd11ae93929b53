"""Reads what a run did from the kernel, through descriptors that outlive its runner."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass

from agent.kernel import bpf_syscall
from proto.v1.stream_pb2 import LossCause
from proto.v1.tool_pb2 import ProbeType

SEEN = 0
# What BPF itself counts; the index in the counters map is the cause's number.
KERNEL_CAUSES = (
    LossCause.LOSS_CAUSE_RING,
    LossCause.LOSS_CAUSE_THROTTLED,
    LossCause.LOSS_CAUSE_MAP_FULL,
    LossCause.LOSS_CAUSE_STACK_FULL,
)


@dataclass(frozen=True, slots=True)
class Counters:
    """``seen`` includes the events that a program missed because it was already running on that CPU."""

    seen: int
    lost: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Work:
    """Cumulative: hits by attach type, time in BPF, runs of BPF programs."""

    hits: Mapping[int, int]
    bpf_ns: int
    bpf_runs: int


class Meters:
    """Owns the descriptors of one run: the counters map and its programs."""

    def __init__(self, counters: int, programs: list[int], types: list[ProbeType]) -> None:
        self._counters = counters
        self._programs = list(zip(programs, types, strict=True))

    def counters(self) -> Counters:
        """Raises OSError."""
        lost = {cause: bpf_syscall.read_percpu_u64(self._counters, cause) for cause in KERNEL_CAUSES}
        missed = sum(bpf_syscall.prog_stats(program).recursion_misses for program, _ in self._programs)
        lost[LossCause.LOSS_CAUSE_MISSED] = missed
        seen = bpf_syscall.read_percpu_u64(self._counters, SEEN) + missed
        return Counters(seen, {int(cause): events for cause, events in lost.items() if events})

    def work(self) -> Work:
        """Raises OSError."""
        hits: dict[int, int] = {}
        bpf_ns = bpf_runs = 0
        for program, kind in self._programs:
            stats = bpf_syscall.prog_stats(program)
            hits[kind] = hits.get(kind, 0) + stats.run_cnt
            bpf_ns += stats.run_time_ns
            bpf_runs += stats.run_cnt
        return Work(hits, bpf_ns, bpf_runs)

    def close(self) -> None:
        for descriptor in (self._counters, *(program for program, _ in self._programs)):
            os.close(descriptor)


def process_cpu_ns(pid: int) -> int:
    """CPU time of a whole process. Raises OSError when it is gone.

    The clock's number is the kernel's encoding of a process's CPU clock: the inverted pid, then CPUCLOCK_SCHED.
    """
    return time.clock_gettime_ns((~pid << 3) | 2)

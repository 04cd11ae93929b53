"""Reads what a run did from the kernel, through descriptors that outlive its runner."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass

from agent.kernel.bpf_syscall import prog_stats
from agent.kernel.counters import Counters, read_counters
from proto.v1.tool_pb2 import ProbeType


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
        return read_counters(self._counters, [program for program, _ in self._programs])

    def work(self) -> Work:
        """Raises OSError."""
        hits: dict[int, int] = {}
        bpf_ns = bpf_runs = 0
        for program, kind in self._programs:
            stats = prog_stats(program)
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

"""What a run has used up to now, as the kernel counts it, and what lies between two such moments."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from agent.kernel.bpf_syscall import prog_stats
from agent.kernel.counters import read_counters
from agent.warden.meters import process_cpu_ns
from tests.agent.runner.harness import Run


@dataclass(frozen=True, slots=True)
class Reading:
    """``hits``: runs of the programs. ``priced_ns``: each at the agent's price for it, which comes to ``bpf_ns``.

    The programs that run for whatever the host does are not in them: ``host_runs``, ``host_ns`` are theirs, by name.
    """

    at: int
    seen: int
    lost: int
    hits: int
    bpf_ns: int
    priced_ns: int
    runner_ns: int
    host_runs: Counter[str] = field(default_factory=Counter)
    host_ns: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: Reading) -> Reading:
        return Reading(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    def __sub__(self, other: Reading) -> Reading:
        return Reading(*(getattr(self, one.name) - getattr(other, one.name) for one in fields(self)))


def read(run: Run, prices: Mapping[int, int], for_host: frozenset[str]) -> Reading:
    """``for_host``: programs that run for whatever the host does, by the kernel's short names."""
    assert run.process
    counters = read_counters(run.fds[0], run.fds[1:])
    host_runs: Counter[str] = Counter()
    host_ns: Counter[str] = Counter()
    hits = bpf_ns = priced_ns = 0
    for descriptor, kind in zip(run.fds[1:], run.program_types, strict=True):
        stats = prog_stats(descriptor)
        if stats.name in for_host:
            host_runs[stats.name] += stats.run_cnt
            host_ns[stats.name] += stats.run_time_ns
        else:
            hits += stats.run_cnt
            bpf_ns += stats.run_time_ns
            priced_ns += stats.run_cnt * prices.get(kind, 0)
    lost, runner_ns = sum(counters.lost.values()), process_cpu_ns(run.process.pid)
    return Reading(time.monotonic_ns(), counters.seen, lost, hits, bpf_ns, priced_ns, runner_ns, host_runs, host_ns)

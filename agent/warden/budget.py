"""What a run costs its host, and when that is too much.

Cost = hits times the price of a hit + time in BPF + the runner's CPU. The kernel's BPF statistics alone are blind to
the trap of a uprobe, so every attach type has a price, in ns a hit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from agent.clock import SECOND
from agent.warden.meters import Work
from proto.v1.tool_pb2 import ProbeType

WINDOW_NS = 6 * SECOND
SETTLE_NS = 2 * SECOND  # attaching itself is no steady cost
WARN_PERMILLE = 10
NO_LIMIT = 1000

# Upper ends of what was measured per attach type, without the time in the BPF program, which is counted apart.
DEFAULT_PRICES: dict[int, int] = {
    ProbeType.PROBE_TYPE_TRACEPOINT: 200,
    ProbeType.PROBE_TYPE_RAW_TRACEPOINT: 100,
    ProbeType.PROBE_TYPE_UPROBE: 10_500,
    ProbeType.PROBE_TYPE_UPROBE_EMULATED: 1_500,
    ProbeType.PROBE_TYPE_URETPROBE: 3_500,
    ProbeType.PROBE_TYPE_USDT: 1_500,
    ProbeType.PROBE_TYPE_PERF_TIMER: 6_500,
    ProbeType.PROBE_TYPE_KPROBE: 150,
    ProbeType.PROBE_TYPE_KRETPROBE: 300,
}


@dataclass(frozen=True, slots=True)
class Sample:
    """Cumulative at one moment, in ns of CPU."""

    boot_ns: int
    hits: int
    hits_ns: int
    bpf_ns: int
    runner_ns: int

    @property
    def total_ns(self) -> int:
        return self.hits_ns + self.bpf_ns + self.runner_ns


class Budget:
    """Cost over a sliding window of 6 s; before the window is full, what came before counts as nothing."""

    def __init__(self, permille: int, cpus: int, prices: Mapping[int, int]) -> None:
        self._permille, self._cpus, self._prices = permille, cpus, prices
        self._samples: deque[Sample] = deque()
        self._attached_ns = 0
        self._warned = False

    def add(self, boot_ns: int, work: Work, runner_ns: int) -> None:
        """The first sample is where counting starts."""
        price = sum(hits * self._prices.get(kind, 0) for kind, hits in work.hits.items())
        self._attached_ns = self._attached_ns or boot_ns
        self._samples.append(Sample(boot_ns, work.bpf_runs, price, work.bpf_ns, runner_ns))
        while len(self._samples) > 2 and self._samples[1].boot_ns <= boot_ns - WINDOW_NS:
            self._samples.popleft()

    @property
    def percent(self) -> float:
        """Of all CPUs of the host."""
        return self._share(lambda sample: sample.total_ns) if self._samples else 0.0

    def exceeded(self) -> str:
        """What to tell the person whose run costs too much; empty: it does not."""
        if self._permille >= NO_LIMIT or not self._settled() or self.percent * 10 <= self._permille:
            return ""
        used = f"used {self.percent:.1f}% of this host's CPU over 6 s, budget {self._permille / 10:g}%"
        return f"{used}: {self._figures()}"

    def warning(self) -> str:
        """Once when the cost goes over 1%, and again after it was under half of that."""
        permille = self.percent * 10
        if self._warned:
            self._warned = permille > WARN_PERMILLE / 2
        elif permille > WARN_PERMILLE and self._settled():
            self._warned = True
            stops = f"; stops at {self._permille / 10:g}%" if self._permille < NO_LIMIT else ""
            return f"costs {self.percent:.1f}% of this host's CPU ({self._figures()}){stops}"
        return ""

    def _settled(self) -> bool:
        return bool(self._samples) and self._samples[-1].boot_ns - self._attached_ns >= SETTLE_NS

    def _share(self, of: Callable[[Sample], int]) -> float:
        spent = of(self._samples[-1]) - of(self._samples[0])
        span = max(WINDOW_NS, self._samples[-1].boot_ns - self._samples[0].boot_ns)
        return 100 * spent / span / self._cpus

    def _figures(self) -> str:
        first, last = self._samples[0], self._samples[-1]
        seconds = max(0.001, (last.boot_ns - first.boot_ns) / SECOND)
        return (
            f"{(last.hits - first.hits) / seconds:,.0f} hits/s, probes {self._share(lambda s: s.hits_ns):.1f}%, "
            f"BPF {self._share(lambda s: s.bpf_ns):.1f}%, runner {self._share(lambda s: s.runner_ns):.1f}%"
        )

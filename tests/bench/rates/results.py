"""Results on disk, results/rates/<tool>.json: what was measured, on what, and how busy the machine was."""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from proto.v1.tool_pb2 import ProbeType
from tests.bench.rates.case import Case
from tests.bench.rates.measure import Measured, Round
from tests.e2e.stack import ROOT

RESULTS = ROOT / "tests/bench/results/rates"


def tools() -> list[str]:
    """Those that have been measured."""
    return sorted(path.stem for path in RESULTS.glob("*.json"))


def load(tool: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RESULTS / f"{tool}.json").read_text())
    return found


def save(tool: str, result: Mapping[str, Any]) -> None:
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{tool}.json").write_text(json.dumps(result, indent=2) + "\n")


def machine() -> dict[str, Any]:
    model = re.search(r"^model name\s*:\s*(.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    words = ["git", "describe", "--always", "--dirty"]
    commit = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
    return {
        "kernel": os.uname().release,
        "processor": model[1] if model else os.uname().machine,
        "cpus": os.cpu_count(),
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit,
    }


def named(prices: Mapping[int, int]) -> dict[str, int]:
    return {ProbeType.Name(kind).removeprefix("PROBE_TYPE_").lower(): price for kind, price in sorted(prices.items())}


def as_table(case: Case, found: Measured) -> dict[str, Any]:
    """Figures of each rate, in µs for one of the case's unit, one for each round."""
    head = {"unit": case.unit, "each": case.each, "about": case.about, "charged": not case.uncharged}
    busiest = [Figures(case, one) for one in found.rounds[case.rates[-1]]]
    hits = case.hits or statistics.median(one.hits_by_difference / one.units for one in busiest)
    rates = [{"rate": rate, **_figures(case, rounds, hits)} for rate, rounds in found.rounds.items()]
    return {
        **head,
        "hits": round(hits, 2),
        "host_us": _host(found),
        "rates": rates,
        "beside": _beside(case, found.beside),
    }


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one round. ``beside``: the run was not about the workload."""

    case: Case
    one: Round
    beside: bool = False

    @property
    def units(self) -> int:
        if self.case.apart and self.beside:
            return max(1, self.one.used.hits)  # each sample runs the program, which then finds another process
        return max(1, self.one.used.seen if self.case.by_tool and not self.beside else self._made)

    @property
    def hits_by_difference(self) -> float:
        """Exact enough only where the workload's are by far the most."""
        return self.one.used.hits - self.one.quiet.hits * self.one.used.at / self.one.quiet.at

    def kernel_us(self, hits: float) -> float:
        """``hits``: of the workload. The others' cost what they cost while it did nothing."""
        others = max(0.0, self.one.used.hits - hits)
        return self._us(self.one.used.bpf_ns - others * self.one.quiet.bpf_ns / max(1, self.one.quiet.hits))

    def reckoned_us(self, hits: float) -> float:
        return self.kernel_us(hits) + self._us(self.one.used.priced_ns * hits / max(1, self.one.used.hits))

    @property
    def alone_us(self) -> float:
        return self.one.alone.cpu_ns / (self.one.alone.done * self.case.per_step) / 1000

    @property
    def more_us(self) -> float:
        return self._us(self.one.traced.cpu_ns - self.one.alone.cpu_ns * self.one.traced.done / self.one.alone.done)

    @property
    def _made(self) -> int:
        return self.one.traced.done * self.case.per_step

    def _us(self, ns: float) -> float:
        return ns / self.units / 1000


def _host(found: Measured) -> dict[str, list[float]]:
    """Of each run of a program that runs for whatever the host does, one figure for each round of each rate."""
    rounds = [one.used for rounds in found.rounds.values() for one in rounds]
    names = sorted({name for used in rounds for name, runs in used.host_runs.items() if runs})
    runs = {name: [used for used in rounds if used.host_runs[name]] for name in names}
    return {name: [round(u.host_ns[name] / u.host_runs[name] / 1000, 3) for u in runs[name]] for name in names}


def _figures(case: Case, rounds: list[Round], hits: float) -> dict[str, Any]:
    """``hits`` of the tool's programs for each of the unit."""
    found = [Figures(case, one) for one in rounds]
    return {
        "reached": round(statistics.median(one.units / one.one.traced.wall_ns * 1e9 for one in found)),
        "seen": sum(one.used.seen for one in rounds),
        "lost": sum(one.used.lost for one in rounds),
        "alone_us": [round(one.alone_us, 3) for one in found],
        "more_us": [round(one.more_us, 3) for one in found],
        "kernel_us": [round(one.kernel_us(hits * one.units), 3) for one in found],
        "reckoned_us": [round(one.reckoned_us(hits * one.units), 3) for one in found],
        "agent_percent": [round(100 * one.used.runner_ns / one.used.at, 2) for one in rounds],
    }


def _beside(case: Case, rounds: list[Round]) -> dict[str, Any] | None:
    if not rounds:
        return None
    found = [Figures(case, one, beside=True) for one in rounds]
    hits = case.hits or statistics.median(one.hits_by_difference / one.units for one in found)
    return {
        "hits": round(hits, 2),
        "more_us": [round(one.more_us, 3) for one in found],
        "kernel_us": [round(one.kernel_us(hits * one.units), 3) for one in found],
    }

"""docs/benchmarks.md, written from the results alone: ours, the peer, the ratio and the goal, one line each.

python -m tests.bench.table
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from tests.e2e.stack import ROOT

FOLDER = ROOT / "tests/bench"
RESULTS = FOLDER / "results/table.jsonl"
PAGE = ROOT / "docs/benchmarks.md"
HEAD = """# Measured

`make bench` measures this and writes this page; the figures lie in `tests/bench/results/table.jsonl`, the goals in
`tests/bench/goals.toml`. Ours and the peer work on the same events, in turns; a figure is the median of its rounds,
with the least and the most of them in brackets. Absolute times hold for this machine, ratios travel better. A goal
that was missed says so, with the reason and the next idea.

"""

COLUMNS = "| what | ours | peer | peer / ours | goal | met |\n| --- | --- | --- | --- | --- | --- |\n"
PLOTS = {
    "bench-reading": "CPU for each event",
    "bench-slowdown": "What the traced program pays",
    "bench-stages": "CPU at each stage, by runs and by viewers",
    "bench-questions": "Questions to ten million events",
    "bench-questions-large": "Questions to a hundred million events",
}


@dataclass(frozen=True, slots=True)
class Goal:
    """``least`` or ``most`` bounds ours, or the ratio where one is named; without either nothing was promised."""

    group: str
    what: str
    bench: str
    ours: str = "ours"
    peer: str = "peer"
    unit: str = ""
    ratio: str = ""
    least: float | None = None
    most: float | None = None
    next: str = ""

    def met(self, ours: float, peer: float | None) -> bool | None:
        value = peer / ours if self.ratio and peer is not None else ours
        if self.least is not None:
            return value >= self.least
        return None if self.most is None else value <= self.most

    @property
    def bound(self) -> str:
        times = "x less" if self.ratio else ""
        if self.least is not None:
            return f"≥ {self.least:g}{times}"
        return "" if self.most is None else f"≤ {self.most:g}"


def goals() -> list[Goal]:
    return [Goal(**entry) for entry in tomllib.loads((FOLDER / "goals.toml").read_text())["goal"]]


def found(text: str) -> dict[str, dict[str, Any]]:
    """JSON lines by the name of their bench; of two with one name the later one."""
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    return {line["bench"]: line for line in lines}


def median(value: Any) -> float | None:
    """A figure is a number, or the spread of several rounds."""
    figure = value["median"] if isinstance(value, dict) else value
    return None if figure is None else float(figure)


def shown(value: Any, unit: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, dict):
        return f"{value:g} {unit}"
    return f"{value['median']:.3g} {unit} ({value['least']:.3g} to {value['most']:.3g})"


def line(goal: Goal, results: Mapping[str, dict[str, Any]]) -> str:
    result = results.get(goal.bench, {})
    ours, peer = result.get(goal.ours), result.get(goal.peer)
    own, theirs = median(ours), median(peer)
    if "refused" in result:
        return (
            f"| {goal.what} | refused: {result['refused']} | | | {goal.bound} | {f'**missed** {goal.next}'.strip()} |"
        )
    if own is None:
        return f"| {goal.what} | not measured | | | {goal.bound} | |"
    unit = goal.unit or result.get("unit", "")
    ratio = f"{theirs / own:.1f}x" if theirs is not None and own > 0 else ""
    verdict = {True: "yes", False: f"**missed** {goal.next}".strip(), None: ""}[goal.met(own, theirs)]
    return f"| {goal.what} | {shown(ours, unit)} | {shown(peer, unit)} | {ratio} | {goal.bound} | {verdict} |"


def text(results: Mapping[str, dict[str, Any]]) -> str:
    page = HEAD + _machine(results.get("machine", {}))
    for group, members in groupby(goals(), key=lambda goal: goal.group):
        page += f"## {group}\n\n{COLUMNS}"
        page += "".join(f"{line(goal, results)}\n" for goal in members) + "\n"
    return page + "\n\n".join(f"![{what}](img/{name}.svg)" for name, what in PLOTS.items()) + "\n"


def _machine(facts: Mapping[str, Any]) -> str:
    if not facts:
        return ""
    load = f"load {facts['load_before']:.1f} before, {facts['load_after']:.1f} after"
    return f"{facts['date']}, commit {facts['commit']}: {facts['cores']} cores, {facts['kernel']}, {load}.\n\n"


def write() -> Path:
    PAGE.write_text(text(found(RESULTS.read_text())))
    return PAGE


if __name__ == "__main__":
    print(write())

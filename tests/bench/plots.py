"""The plots of docs/benchmarks.md: ours beside each peer, the cost of each stage, and questions to the store.

python -m tests.bench.plots
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib

from tests.bench.table import RESULTS, found
from tests.e2e.stack import ROOT

matplotlib.use("svg")
# The same figures give the same file; text stays text.
matplotlib.rcParams.update({"svg.hashsalt": "fleetscope", "svg.fonttype": "none"})

from matplotlib import pyplot  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

COLOURS = {"ours": "#4c6ef5", "peer": "#adb5bd"}
STAGES = {
    "bpf_us": ("BPF", "#364fc7"),
    "runner_us": ("runner", "#4c6ef5"),
    "link_us": ("link", "#91a7ff"),
    "warden_us": ("warden", "#dbe4ff"),
    "server_us": ("server", "#adb5bd"),
}


def plot(name: str, title: str, results: Mapping[str, dict[str, Any]], prefix: str) -> None:
    """Horizontal bars, ours above the peer, with the spread of the rounds."""
    chosen = [(key.removeprefix(prefix), value) for key, value in results.items() if key.startswith(prefix)]
    pairs = [(label, value) for label, value in chosen if value.get("peer")]
    figure, axes = pyplot.subplots(figsize=(7, 0.6 + 0.55 * len(pairs)), layout="constrained")
    for offset, who in ((0.2, "ours"), (-0.2, "peer")):
        rows = [value[who] for _, value in pairs]
        places = [len(pairs) - number + offset for number in range(len(pairs))]
        axes.barh(places, [row["median"] for row in rows], 0.38, color=COLOURS[who], label=who, xerr=_error(rows))
    axes.set_yticks([len(pairs) - number for number in range(len(pairs))], [label for label, _ in pairs])
    axes.set_xlabel("µs for an event")
    axes.set_title(title, loc="left")
    axes.legend(frameon=False)
    _save(figure, name)


def plot_stages(name: str, results: Mapping[str, dict[str, Any]]) -> None:
    """What an event costs, stage upon stage, by the number of runs; beside it the server by the number of viewers."""
    figure, (runs, viewers) = pyplot.subplots(1, 2, figsize=(7, 3), layout="constrained")
    measured = _numbered(results, "stages.", " runs")
    base = [0.0] * len(measured)
    for key, (label, colour) in STAGES.items():
        costs = [value[key] for value in measured.values()]
        runs.bar(list(measured), costs, 0.6, bottom=base, color=colour, label=label)
        base = [under + cost for under, cost in zip(base, costs, strict=True)]
    runs.set_xlabel("runs at once")
    runs.set_ylabel("µs of CPU for an event")
    runs.legend(frameon=False, fontsize="small")
    watched = _numbered(results, "stages.", " viewers")
    viewers.bar(list(watched), [value["server_us"] for value in watched.values()], 0.6, color=STAGES["server_us"][1])
    viewers.set_xlabel("viewers of one run")
    viewers.set_ylabel("µs of the server's CPU for an event")
    _save(figure, name)


def plot_questions(name: str, title: str, results: Mapping[str, dict[str, Any]], prefix: str) -> None:
    """What each question takes, ours above DuckDB on the same files."""
    chosen = {
        key.removeprefix(prefix): value
        for key, value in results.items()
        if key.startswith(prefix) and "duckdb_ms" in value
    }
    figure, axes = pyplot.subplots(figsize=(7, 0.6 + 0.45 * len(chosen)), layout="constrained")
    places = [len(chosen) - number for number in range(len(chosen))]
    for offset, key, who in ((0.2, "median_ms", "ours"), (-0.2, "duckdb_ms", "peer")):
        times = [value[key] for value in chosen.values()]
        label = "DuckDB on the same files" if who == "peer" else who
        axes.barh([place + offset for place in places], times, 0.38, color=COLOURS[who], label=label)
    axes.set_xscale("log")
    axes.set_yticks(places, list(chosen))
    axes.set_xlabel("ms (log)")
    axes.set_title(title, loc="left")
    axes.legend(frameon=False)
    _save(figure, name)


def _numbered(results: Mapping[str, dict[str, Any]], prefix: str, suffix: str) -> dict[str, dict[str, Any]]:
    """Those with a number between the two, smallest first, by that number."""
    found = {
        key.removeprefix(prefix).removesuffix(suffix): value
        for key, value in results.items()
        if key.startswith(prefix) and key.endswith(suffix)
    }
    return dict(sorted(found.items(), key=lambda item: int(item[0])))


def _save(figure: Figure, name: str) -> None:
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(ROOT / f"docs/img/{name}.svg", metadata={"Date": None})
    pyplot.close(figure)


def _error(rows: Sequence[Mapping[str, float]]) -> list[list[float]]:
    return [[row["median"] - row["least"] for row in rows], [row["most"] - row["median"] for row in rows]]


def main() -> None:
    results = found(RESULTS.read_text())
    plot("bench-reading", "CPU of the tracer for each event", results, "capture.")
    plot("bench-slowdown", "CPU time that the traced program pays more", results, "slowdown.")
    plot_stages("bench-stages", results)
    plot_questions("bench-questions", "Ten million events", results, "query.")
    plot_questions("bench-questions-large", "A hundred million events", results, "100 million: query.")


if __name__ == "__main__":
    main()

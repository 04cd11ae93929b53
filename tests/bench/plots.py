"""The two plots of docs/benchmarks.md: ours beside each peer.

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

COLOURS = {"ours": "#4c6ef5", "peer": "#adb5bd"}


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
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(ROOT / f"docs/img/{name}.svg", metadata={"Date": None})
    pyplot.close(figure)


def _error(rows: Sequence[Mapping[str, float]]) -> list[list[float]]:
    return [[row["median"] - row["least"] for row in rows], [row["most"] - row["median"] for row in rows]]


def main() -> None:
    results = found(RESULTS.read_text())
    plot("bench-reading", "CPU of the tracer for each event", results, "capture.")
    plot("bench-slowdown", "CPU time that the traced program pays more", results, "slowdown.")


if __name__ == "__main__":
    main()

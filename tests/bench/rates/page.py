"""The measured part of each tool's README, between two marker lines."""

from __future__ import annotations

import statistics
import textwrap
from pathlib import Path
from typing import Any

from bpf.catalog import ROOT as TOOLS
from tests.bench.rates import results

BEGIN, END = "<!-- measured by tests.bench.rates -->", "<!-- end of what was measured -->"
WIDTH = 120


def write(tool: str) -> None:
    """Raises ValueError when its README has no place for it."""
    put(TOOLS / tool / "README.md", part(results.load(tool)))


def put(path: Path, measured: str) -> None:
    text = path.read_text()
    path.write_text(text.replace(BEGIN + between(text) + END, f"{BEGIN}\n{measured}\n{END}"))


def between(readme: str) -> str:
    """What stands between the markers. Raises ValueError when they are not there once."""
    _, begins, rest = readme.partition(BEGIN)
    found, ends, after = rest.partition(END)
    if not (begins and ends) or BEGIN in rest or END in after:
        raise ValueError(f"not one line {BEGIN} and one line {END} after it")
    return found


def part(result: dict[str, Any]) -> str:
    low, high = result["load"]
    rounds = len(result["tables"][0]["rates"][0]["more_us"])
    intro = (
        f"Measured on Linux {result['kernel']}, {result['cpus']} CPUs shared with other work (load {low} to {high}), "
        f"{result['date']}: medians of {rounds} rounds without and with the tool in turn, ± half their range."
    )
    return "\n\n".join([textwrap.fill(intro, WIDTH), *map(_table, result["tables"])])


def _table(table: dict[str, Any]) -> str:
    lines = [
        f"| {table['unit']} a second | CPU time of the program, each | more with the tool | of it in BPF | "
        "reckoned by the budget | agent, of a core | lost |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *(_row(table, rate) for rate in table["rates"]),
    ]
    about = f"{table['unit'].capitalize()} ({table['about']}):\n\n" if table["about"] else ""
    return about + "\n".join(lines) + "\n\n" + textwrap.fill(_beside(table) + _host(table), WIDTH)


def _row(table: dict[str, Any], rate: dict[str, Any]) -> str:
    more = spread(rate["more_us"]) if table["charged"] else "-"
    cells = [f"{rate['reached']:,}", _time(_median(rate["alone_us"])), more, spread(rate["kernel_us"])]
    cells += [_time(_median(rate["reckoned_us"])), f"{_median(rate['agent_percent']):.1f}%", f"{rate['lost']:,}"]
    return "| " + " | ".join(cells) + " |"


def _beside(table: dict[str, Any]) -> str:
    if not table["beside"]:
        return "What other programs pay in a run without a pid was not measured: it would have slowed down the machine."
    kernel, more = spread(table["beside"]["kernel_us"]), f"{spread(table['beside']['more_us'])} more, "
    takes = f"{more}{kernel} of it in BPF" if table["charged"] else f"{kernel} in BPF"
    return f"{table['each']} of a process that is not meant takes {takes}."


def _host(table: dict[str, Any]) -> str:
    watch = table["host_us"].get("sched_switch")
    return f" Each switch between threads of the host takes {spread(watch)} in BPF." if watch else ""


def _median(values: list[float]) -> float:
    return statistics.median(values)


def _time(us: float) -> str:
    return f"{us:.3g} µs" if abs(us) < 1000 else f"{us / 1000:.3g} ms"


def spread(us: list[float]) -> str:
    """Nothing but an upper end where the rounds differ by more than what they say."""
    half = (max(us) - min(us)) / 2
    return f"{_time(_median(us))} ± {half:.2g}" if half < _median(us) else f"below {_time(max(*us, 0.01))}"

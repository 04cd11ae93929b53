"""funccount beside the stock tool: two functions of one program."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.matrix.cell import Cell, Facts, Row, compiled
from tests.matrix.measure import check_cell

CALLS = {"by_left": 5003, "by_right": 3001}


def ours(rows: list[Row]) -> Facts:
    return {name: sum(row["calls"] for row in rows if row["function"] == name) for name in CALLS}


def theirs(text: str) -> Facts:
    counts = dict(line.split() for line in text.splitlines() if len(line.split()) == 2)
    return {name: int(counts[name]) for name in CALLS}


CELL = Cell(
    tool="funccount",
    does="calls two functions " + " and ".join(f"{2 * count}" for count in CALLS.values()) + " times in two threads",
    start=compiled("functions.c", *CALLS.values(), read=lambda _: {name: 2 * n for name, n in CALLS.items()}),
    ours=ours,
    params=lambda ready: {"function": f"{ready.words['program']}:by_*"},
    stock="funccount -p {pid} {program}:by_*",
    theirs=theirs,
    together=False,
)


@pytest.mark.kernel
def test_beside_the_stock_tool(tmp_path: Path) -> None:
    check_cell(CELL, tmp_path)

"""syscount beside the stock tool: counted calls."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.matrix.cell import Cell, Facts, Row, compiled
from tests.matrix.measure import check_cell

CALLS = {"getppid": 20_011, "close": 10_007, "nanosleep": 101}


def ours(rows: list[Row]) -> Facts:
    return {name: sum(row["calls"] for row in rows if row["syscall"] == name) for name in CALLS}


def theirs(text: str) -> Facts:
    counts = dict(line.split() for line in text.splitlines() if len(line.split()) == 2)
    return {name: int(counts[name]) for name in CALLS}


CELL = Cell(
    tool="syscount",
    does="makes " + ", ".join(f"{count} calls of {name}" for name, count in CALLS.items()),
    start=compiled("calls.c", *CALLS.values(), read=lambda _: CALLS),
    ours=ours,
    stock="syscount -p {pid} -T 100",
    theirs=theirs,
)


@pytest.mark.kernel
def test_beside_the_stock_tool(tmp_path: Path) -> None:
    check_cell(CELL, tmp_path)

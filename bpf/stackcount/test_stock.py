"""stackcount beside the stock tool: one function, called on two paths."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.matrix.cell import Cell, Facts, Row, compiled
from tests.matrix.measure import check_cell

CALLS = {"by_left": 5003, "by_right": 3001}


def ours(rows: list[Row]) -> Facts:
    return {name: sum(row["calls"] for row in rows if name in row["stack"]) for name in CALLS}


def theirs(text: str) -> Facts:
    lines = [line.rsplit(None, 1) for line in text.splitlines() if ";" in line]
    return {name: sum(int(count) for stack, count in lines if name in stack.split(";")) for name in CALLS}


CELL = Cell(
    tool="stackcount",
    does="calls a function on two paths, "
    + " and ".join(f"{2 * n}" for n in CALLS.values())
    + " times, in two threads",
    start=compiled("functions.c", *CALLS.values(), read=lambda _: {name: 2 * n for name, n in CALLS.items()}),
    ours=ours,
    params=lambda ready: {"function": f"{ready.words['program']}:leaf"},
    stock="stackcount -f -U -p {pid} {program}:leaf",
    theirs=theirs,
    together=False,
)


@pytest.mark.kernel
def test_beside_the_stock_tool(tmp_path: Path) -> None:
    check_cell(CELL, tmp_path)

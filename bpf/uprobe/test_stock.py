"""uprobe beside the stock tool trace: the argument of every call of one function."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.matrix.cell import Cell, Facts, Row, compiled
from tests.matrix.measure import check_cell

COUNT = 503


def ours(rows: list[Row]) -> Facts:
    return {"calls": len(rows), "sum": sum(row["n"] for row in rows)}


def theirs(text: str) -> Facts:
    found = [line.split() for line in text.splitlines() if " by_left " in line]
    return {"calls": len(found), "sum": sum(int(words[-1]) for words in found)}


CELL = Cell(
    tool="uprobe",
    does=f"calls a function {2 * COUNT} times in two threads, each time with another number",
    start=compiled("functions.c", COUNT, 1, read=lambda _: {"calls": 2 * COUNT, "sum": 2 * sum(range(COUNT))}),
    ours=ours,
    params=lambda ready: {"function": f"{ready.words['program']}:by_left", "args": "n:s64"},
    stock="trace -p {pid} 'p:{program}:by_left \"%d\", arg1'",
    theirs=theirs,
    together=False,
)


@pytest.mark.kernel
def test_beside_the_stock_tool(tmp_path: Path) -> None:
    check_cell(CELL, tmp_path)

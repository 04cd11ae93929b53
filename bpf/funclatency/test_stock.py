"""funclatency beside the stock tool: calls of one function that takes known times."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.matrix.cell import Cell, Facts, Row, compiled
from tests.matrix.measure import check_cell

ROUNDS, STEPS = 7, 7
SLOT = re.compile(r"\d+ -> \d+ +: (\d+)")


def ours(rows: list[Row]) -> Facts:
    return {"calls": sum(row["calls"] for row in rows)}


def theirs(text: str) -> Facts:
    return {"calls": sum(map(int, SLOT.findall(text)))}


CELL = Cell(
    tool="funclatency",
    does=f"calls a function {ROUNDS * STEPS} times for 1.5 to 96 ms",
    start=compiled("durations.c", ROUNDS, read=lambda _: {"calls": ROUNDS * STEPS}),
    ours=ours,
    params=lambda ready: {"function": f"{ready.words['program']}:timed"},
    stock="funclatency -p {pid} {program}:timed",
    theirs=theirs,
    together=False,
)


@pytest.mark.kernel
def test_beside_the_stock_tool(tmp_path: Path) -> None:
    check_cell(CELL, tmp_path)

"""funccount beside the stock tool: two functions of one program."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.matrix.cell import Cell, Facts, Row, compiled
from tests.matrix.measure import check_cell

CALLS = {"by_left": 5003, "by_right": 3001}
TWICE = {name: 2 * count for name, count in CALLS.items()}


def ours(rows: list[Row]) -> Facts:
    return dict(sum((Counter({str(row["function"]): int(row["calls"])}) for row in rows), Counter[str]()))


def theirs(text: str) -> Facts:
    words = (line.split() for line in text.splitlines())
    return {line[0]: int(line[1]) for line in words if len(line) == 2 and line[0] in CALLS}


def cell(pattern: str, calls: dict[str, int]) -> Cell:
    counts = " and ".join(map(str, calls.values()))
    return Cell(
        tool="funccount",
        does=f"calls {'two functions' if len(calls) > 1 else 'a function'} {counts} times in two threads",
        start=compiled("functions.c", *CALLS.values(), read=lambda _: calls),
        ours=ours,
        params=lambda ready: {"function": f"{ready.words['program']}:{pattern}"},
        stock=f"funccount -p {{pid}} {{program}}:{pattern}",
        theirs=theirs,
        together=False,
    )


CELL = cell("by_*", TWICE)
SIMPLER = cell("by_left", {"by_left": TWICE["by_left"]})


@pytest.mark.kernel
def test_beside_the_stock_tool(tmp_path: Path) -> None:
    check_cell(CELL, tmp_path)

"""memleak beside the stock tool: blocks that a program keeps, by the function that took them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.matrix.cell import Cell, Facts, Row, compiled
from tests.matrix.measure import check_cell

COUNT = 509
KEPT = {"leaky": COUNT * 100, "zeroed": COUNT * 56}
BLOCK = re.compile(r"(\d+) bytes in \d+ allocations from stack\n((?:\t\t.*\n?)+)")


def ours(rows: list[Row]) -> Facts:
    return {name: sum(row["allocated"] - row["freed"] for row in rows if name in row["stack"]) for name in KEPT}


def theirs(text: str) -> Facts:
    last = text.rpartition("Top ")[2]
    stacks = BLOCK.findall(last)
    return {name: sum(int(size) for size, stack in stacks if f"{name}+" in stack) for name in KEPT}


CELL = Cell(
    tool="memleak",
    does="keeps " + " and ".join(f"{size} bytes taken by {name}()" for name, size in KEPT.items()),
    start=compiled("leaks.c", COUNT, read=lambda _: KEPT),
    ours=ours,
    stock="memleak -p {pid} -o 0 -T 100 1",
    theirs=theirs,
    together=False,
)


@pytest.mark.kernel
def test_beside_the_stock_tool(tmp_path: Path) -> None:
    check_cell(CELL, tmp_path)

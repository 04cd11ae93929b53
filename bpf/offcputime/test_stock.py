"""offcputime beside the stock tool: the time of two kinds of sleep, by the sleeper's own clock."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.matrix.cell import Cell, Facts, Row, compiled
from tests.matrix.measure import check_cell

LEFT, RIGHT = 13, 7
MS = 1_000_000
PATHS = ("wait_left", "wait_right")


def said(line: str) -> Facts:
    return {path: int(ns) // MS for path, ns in zip(PATHS, line.split(), strict=True)}


def ours(rows: list[Row]) -> Facts:
    return {path: sum(row["duration"] for row in rows if path in row["stack"]) // MS for path in PATHS}


def theirs(text: str) -> Facts:
    lines = [line.rsplit(None, 1) for line in text.splitlines() if ";" in line]
    return {path: sum(int(us) for stack, us in lines if path in stack.split(";")) // 1000 for path in PATHS}


CELL = Cell(
    tool="offcputime",
    does=f"sleeps {LEFT} times on one path and {RIGHT} times on another; milliseconds, within 10%",
    start=compiled("waits.c", LEFT, RIGHT, 2, read=said),
    ours=ours,
    params=lambda _: {"waits": "blocked"},
    stock="offcputime -f --stack-storage-size 16384 -p {pid}",
    theirs=theirs,
    tolerance=0.1,
)


@pytest.mark.kernel
def test_beside_the_stock_tool(tmp_path: Path) -> None:
    check_cell(CELL, tmp_path)

"""runqlat beside the stock tool: what the kernel itself counts for one thread."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.matrix.cell import Cell, Facts, Row
from tests.matrix.measure import check_cell
from tests.matrix.waits import waits

SLOT = re.compile(r"\d+ -> \d+ +: (\d+)")


def ours(rows: list[Row]) -> Facts:
    return {"waits": sum(row["waits"] for row in rows)}


def theirs(text: str) -> Facts:
    return {"waits": sum(map(int, SLOT.findall(text)))}


CELL = Cell(
    tool="runqlat",
    does="gets a CPU a counted number of times: the kernel's own count is compared with, within 5%",
    start=waits("waits"),
    ours=ours,
    stock="runqlat -p {pid}",
    theirs=theirs,
    tolerance=0.05,
)


@pytest.mark.kernel
def test_beside_the_stock_tool(tmp_path: Path) -> None:
    check_cell(CELL, tmp_path)

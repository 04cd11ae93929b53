"""biolatency beside the stock tool: requests to a disk of the workload's own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.matrix.cell import Cell, Facts, Row
from tests.matrix.disk import REQUESTS, requests
from tests.matrix.measure import check_cell

SLOT = re.compile(r"\d+ -> \d+ +: (\d+)")


def ours(rows: list[Row]) -> Facts:
    return {"requests": sum(row["requests"] for row in rows)}


def theirs(text: str) -> Facts:
    return {"requests": sum(map(int, SLOT.findall(text)))}


CELL = Cell(
    tool="biolatency",
    does=f"makes {REQUESTS} requests to a disk of its own",
    start=requests,
    ours=ours,
    stock="biolatency -d {disk}",
    theirs=theirs,
)


@pytest.mark.kernel
def test_beside_the_stock_tool(tmp_path: Path) -> None:
    check_cell(CELL, tmp_path)

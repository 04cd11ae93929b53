"""biosnoop beside the stock tool: requests to a disk of the workload's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.matrix.cell import Cell, Facts, Row
from tests.matrix.disk import REQUESTS, requests
from tests.matrix.measure import check_cell


def ours(rows: list[Row]) -> Facts:
    return {"requests": len(rows)}


def theirs(text: str) -> Facts:
    return {"requests": sum(" loop" in line for line in text.splitlines())}


CELL = Cell(
    tool="biosnoop",
    does=f"makes {REQUESTS} requests to a disk of its own",
    start=requests,
    ours=ours,
    stock="biosnoop -d {disk}",
    theirs=theirs,
)


@pytest.mark.kernel
def test_beside_the_stock_tool(tmp_path: Path) -> None:
    check_cell(CELL, tmp_path)

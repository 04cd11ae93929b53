"""tcplife beside the stock tool: both ends of connections, and what went through them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.matrix.cell import Cell, Facts, Row, python, table
from tests.matrix.connections import BEFORE, COUNT, KIB, connect
from tests.matrix.measure import check_cell


def ours(rows: list[Row]) -> Facts:
    return {"ends": len(rows), "sent_kib": sum(row["tx"] for row in rows) // 1024}


def theirs(text: str) -> Facts:
    rows = table(text, "PID", "COMM")
    return {"ends": len(rows), "sent_kib": sum(int(row["TX_KB"]) for row in rows)}


CELL = Cell(
    tool="tcplife",
    does=f"sends {KIB} KiB through each of {COUNT} connections",
    start=python(BEFORE, connect(f"say(ends={2 * COUNT}, sent_kib={COUNT * KIB})")),
    ours=ours,
    stock="tcplife -p {pid}",
    theirs=theirs,
)


@pytest.mark.kernel
def test_beside_the_stock_tool(tmp_path: Path) -> None:
    check_cell(CELL, tmp_path)

"""gethostlatency beside the stock tool: names that a program looks up."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.matrix.cell import Cell, Facts, Row, python, table
from tests.matrix.measure import check_cell

COUNT = 101


def ours(rows: list[Row]) -> Facts:
    return {"looked_up": len({row["name"] for row in rows})}


def theirs(text: str) -> Facts:
    return {"looked_up": len({row["HOST"] for row in table(text, "TIME", "PID")})}


CELL = Cell(
    tool="gethostlatency",
    does=f"looks up {COUNT} hosts",
    start=python(
        "import socket",
        f"""
for n in range({COUNT}): socket.getaddrinfo(f"127.0.0.{{n}}", 80)
say(looked_up={COUNT})
""",
    ),
    ours=ours,
    stock="gethostlatency -p {pid}",
    theirs=theirs,
    together=False,
)


@pytest.mark.kernel
def test_beside_the_stock_tool(tmp_path: Path) -> None:
    check_cell(CELL, tmp_path)

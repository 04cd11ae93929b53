"""tcpconnect beside the stock tool: connections of both versions of IP."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.matrix.cell import Cell, Facts, Row, python, table
from tests.matrix.connections import BEFORE, COUNT, connect
from tests.matrix.measure import check_cell


def ours(rows: list[Row]) -> Facts:
    versions = Counter(row["ip"] for row in rows)
    return {"v4": versions[4], "v6": versions[6]}


def theirs(text: str) -> Facts:
    versions = Counter(row["IP"] for row in table(text, "PID", "COMM"))
    return {"v4": versions["4"], "v6": versions["6"]}


CELL = Cell(
    tool="tcpconnect",
    does=f"makes {COUNT} connections by IPv4 and IPv6",
    start=python(BEFORE, connect("say(v4=made[4], v6=made[6])")),
    ours=ours,
    stock="tcpconnect -p {pid}",
    theirs=theirs,
)


@pytest.mark.kernel
def test_beside_the_stock_tool(tmp_path: Path) -> None:
    check_cell(CELL, tmp_path)

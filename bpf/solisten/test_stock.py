"""solisten beside the stock tool: sockets that begin to listen."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.matrix.cell import Cell, Facts, Row, python, table
from tests.matrix.measure import check_cell

V4, V6 = 13, 7


def ours(rows: list[Row]) -> Facts:
    versions = Counter(row["ip"] for row in rows)
    return {"v4": versions[4], "v6": versions[6]}


def theirs(text: str) -> Facts:
    protocols = Counter(row["PROTO"] for row in table(text, "PID", "COMM"))
    return {"v4": protocols["TCPv4"], "v6": protocols["TCPv6"]}


CELL = Cell(
    tool="solisten",
    does=f"lets {V4} IPv4 and {V6} IPv6 sockets listen",
    start=python(
        "import socket",
        f"""
def listen(family, address):
    sock = socket.socket(family); sock.bind((address, 0)); sock.listen(5)
for _ in range({V4}): listen(socket.AF_INET, "127.0.0.1")
for _ in range({V6}): listen(socket.AF_INET6, "::1")
say(v4={V4}, v6={V6})
""",
    ),
    ours=ours,
    stock="solisten -p {pid}",
    theirs=theirs,
)


@pytest.mark.kernel
def test_beside_the_stock_tool(tmp_path: Path) -> None:
    check_cell(CELL, tmp_path)

"""sslsniff beside the stock tool: records written by the call that Python makes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.matrix.cell import Cell, Facts, Ready, Row, python
from tests.matrix.measure import check_cell
from tests.workloads import tls

RECORDS, SIZE = 101, 512


def ours(rows: list[Row]) -> Facts:
    written = [row["size"] for row in rows if row["direction"] == b"out"]
    return {"written": len(written), "bytes": sum(written)}


def theirs(text: str) -> Facts:
    written = [int(line.split()[4]) for line in text.splitlines() if line.startswith("WRITE/SEND")]
    return {"written": len(written), "bytes": sum(written)}


@contextmanager
def start(folder: Path) -> Iterator[Ready]:
    then = f"""
for _ in range({RECORDS}):
    client.sendall(b"x" * {SIZE}); server.recv({SIZE})
say(written={RECORDS}, bytes={RECORDS * SIZE})
"""
    with python(tls.before(folder), then)(folder) as ready:
        yield ready


CELL = Cell(
    tool="sslsniff",
    does=f"writes {RECORDS} records of {SIZE} bytes through Python's ssl",
    start=start,
    ours=ours,
    stock="sslsniff -p {pid}",
    theirs=theirs,
    together=False,
    differs="the stock tool does not know SSL_write_ex and SSL_read_ex, the calls that Python makes",
)


@pytest.mark.kernel
def test_beside_the_stock_tool(tmp_path: Path) -> None:
    check_cell(CELL, tmp_path)

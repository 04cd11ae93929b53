"""filetop beside the stock tool: one file, written and read by two calls each."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.matrix.cell import Cell, Facts, Row, python
from tests.matrix.measure import check_cell

WRITES, READS, VECTORS = 101, 103, 7


def ours(rows: list[Row]) -> Facts:
    mine = [row for row in rows if row["file"] == b"filetop-counted"]
    return {"writes": sum(row["writes"] for row in mine), "reads": sum(row["reads"] for row in mine)}


def theirs(text: str) -> Facts:
    mine = [line.split() for line in text.splitlines() if line.endswith(" filetop-counted")]
    return {"writes": sum(int(words[3]) for words in mine), "reads": sum(int(words[2]) for words in mine)}


CELL = Cell(
    tool="filetop",
    does=f"writes a file {WRITES} times and reads it {READS} times with read and {VECTORS} times with readv",
    start=python(
        """
import os, tempfile
folder = tempfile.TemporaryDirectory()
fd = os.open(folder.name + "/filetop-counted", os.O_RDWR | os.O_CREAT)
""",
        f"""
for _ in range({WRITES}): os.write(fd, b"w" * 1009)
os.lseek(fd, 0, 0)
for _ in range({READS}): os.read(fd, 97)
for _ in range({VECTORS}): os.readv(fd, [bytearray(7), bytearray(4)])
say(writes={WRITES}, reads={READS + VECTORS})
""",
    ),
    ours=ours,
    stock="filetop -C -r 1000 -p {pid} 1",
    theirs=theirs,
    differs="the stock tool misses readv(2)",
)


@pytest.mark.kernel
def test_beside_the_stock_tool(tmp_path: Path) -> None:
    check_cell(CELL, tmp_path)

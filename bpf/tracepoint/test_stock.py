"""tracepoint beside the stock tool trace: one field of every pass of a tracepoint."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.matrix.cell import Cell, Facts, Row, python
from tests.matrix.measure import check_cell

COUNT = 1009


def ours(rows: list[Row]) -> Facts:
    return {"passes": len(rows), "sum": sum(row["offset"] for row in rows)}


def theirs(text: str) -> Facts:
    found = [line.split() for line in text.splitlines() if " sys_enter_lseek " in line]
    return {"passes": len(found), "sum": sum(int(words[-1]) for words in found)}


CELL = Cell(
    tool="tracepoint",
    does=f"passes syscalls:sys_enter_lseek {COUNT} times",
    start=python(
        "import os, tempfile\nfile = tempfile.TemporaryFile()",
        f"""
for n in range({COUNT}): os.lseek(file.fileno(), n, 0)
say(passes={COUNT}, sum=sum(range({COUNT})))
""",
    ),
    ours=ours,
    params=lambda _: {"tracepoint": "syscalls:sys_enter_lseek"},
    stock="trace -p {pid} 't:syscalls:sys_enter_lseek \"%d\", args->offset'",
    theirs=theirs,
)


@pytest.mark.kernel
def test_beside_the_stock_tool(tmp_path: Path) -> None:
    check_cell(CELL, tmp_path)

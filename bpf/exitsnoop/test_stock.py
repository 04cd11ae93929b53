"""exitsnoop beside the stock tool: threads that end."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.matrix.cell import Cell, Facts, Row, python, table
from tests.matrix.measure import check_cell

COUNT = 101


def ours(rows: list[Row]) -> Facts:
    return {"ended": len(rows), "processes": len({row["pid"] for row in rows})}


def theirs(text: str) -> Facts:
    rows = table(text, "PCOMM", "PID")
    return {"ended": len(rows), "processes": len({row["PID"] for row in rows})}


CELL = Cell(
    tool="exitsnoop",
    does=f"ends {COUNT} threads",
    start=python(
        "import os, threading, time",
        f"""
for _ in range({COUNT}):
    thread = threading.Thread(target=lambda: None); thread.start(); thread.join()
while len(os.listdir("/proc/self/task")) > 1: time.sleep(0.01)
say(ended={COUNT}, processes=1)
""",
    ),
    ours=ours,
    params=lambda _: {"threads": "true"},
    stock="exitsnoop --per-thread -p {pid}",
    theirs=theirs,
    differs="with a pid the stock tool ends after the first time it has looked for events",
)


@pytest.mark.kernel
def test_beside_the_stock_tool(tmp_path: Path) -> None:
    check_cell(CELL, tmp_path)

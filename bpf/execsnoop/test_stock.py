"""execsnoop beside the stock tool: programs with many arguments, started by one parent."""

from __future__ import annotations

from pathlib import Path

import pytest

from proto.v1.agent_pb2 import Filters
from tests.matrix.cell import Cell, Facts, Row, python
from tests.matrix.measure import check_cell

COUNT, ARGUMENTS = 23, 41


def ours(rows: list[Row]) -> Facts:
    return {"started": len(rows), "arguments": min(row["argc"] for row in rows)}


def theirs(text: str) -> Facts:
    starts = [line.split()[4:] for line in text.splitlines() if line.startswith("true ")]
    return {"started": len(starts), "arguments": min(len(words) for words in starts)}


CELL = Cell(
    tool="execsnoop",
    does=f"starts {COUNT} programs with {ARGUMENTS} arguments each",
    start=python(
        "import subprocess",
        f"""
for _ in range({COUNT}): subprocess.run(["/bin/true", *map(str, range({ARGUMENTS - 1}))])
say(started={COUNT}, arguments={ARGUMENTS})
""",
    ),
    ours=ours,
    filters=lambda pid: Filters(ppid=pid),
    stock="execsnoop -P {pid}",
    theirs=theirs,
    differs="the stock tool shows the first 19 arguments and then '...'",
)


@pytest.mark.kernel
def test_beside_the_stock_tool(tmp_path: Path) -> None:
    check_cell(CELL, tmp_path)

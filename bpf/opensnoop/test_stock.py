"""opensnoop beside the stock tool: paths that a workload fails to open, one of them long."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.matrix.cell import Cell, Facts, Row, python, table
from tests.matrix.measure import check_cell

COUNT, LONG = 1009, 600


def facts(paths: list[str]) -> Facts:
    mine = [path for path in paths if path.startswith("/nonexistent/fs-")]
    return {"opened": len(set(mine)), "longest": max(map(len, mine))}


def ours(rows: list[Row]) -> Facts:
    return facts([row["path"].decode() for row in rows])


def theirs(text: str) -> Facts:
    return facts([row["PATH"] for row in table(text, "PID", "COMM")])


CELL = Cell(
    tool="opensnoop",
    does=f"opens {COUNT} paths that are not there, one of them {LONG} bytes long",
    start=python(
        "import contextlib, os",
        f"""
paths = [f"/nonexistent/fs-{{n}}" for n in range({COUNT - 1})] + ["/nonexistent/fs-".ljust({LONG}, "x")]
for path in paths:
    with contextlib.suppress(OSError): os.open(path, 0)
say(opened=len(paths), longest=max(map(len, paths)))
""",
    ),
    ours=ours,
    stock="opensnoop -p {pid}",
    theirs=theirs,
    differs="the stock tool cuts a path after 255 bytes",
)


@pytest.mark.kernel
def test_beside_the_stock_tool(tmp_path: Path) -> None:
    check_cell(CELL, tmp_path)

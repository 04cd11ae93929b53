"""statsnoop beside the stock tool: the old call and the one that today's C library makes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.matrix.cell import Cell, Facts, Row, python
from tests.matrix.measure import check_cell

OLD, NEW = 101, 1009


def facts(paths: list[str]) -> Facts:
    return {name: len({p for p in paths if p.startswith(f"/nonexistent/{name}-")}) for name in ("stat", "newfstatat")}


def ours(rows: list[Row]) -> Facts:
    return facts([os.fsdecode(row["path"]) for row in rows])


def theirs(text: str) -> Facts:
    return facts([line.split()[-1] for line in text.splitlines() if "/nonexistent/" in line])


CELL = Cell(
    tool="statsnoop",
    does=f"asks about {OLD} missing files with stat and {NEW} with newfstatat",
    start=python(
        "import contextlib, ctypes, os\nlibc = ctypes.CDLL(None)\nbuffer = ctypes.create_string_buffer(4096)",
        f"""
for n in range({OLD}): libc.syscall(ctypes.c_long(4), b"/nonexistent/stat-%d" % n, buffer)
for n in range({NEW}): libc.syscall(ctypes.c_long(262), -100, b"/nonexistent/newfstatat-%d" % n, buffer, 0)
say(stat={OLD}, newfstatat={NEW})
""",
    ),
    ours=ours,
    stock="statsnoop -p {pid}",
    theirs=theirs,
    differs="the stock tool does not know newfstatat(2), the call that today's C library makes",
)


@pytest.mark.kernel
def test_beside_the_stock_tool(tmp_path: Path) -> None:
    check_cell(CELL, tmp_path)

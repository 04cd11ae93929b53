"""bashreadline beside the stock tool: lines typed into a shell of the workload's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from proto.v1.agent_pb2 import Filters
from tests.matrix.cell import Cell, Facts, Ready, Row, python
from tests.matrix.measure import check_cell

LINES = 23


def facts(lines: list[str]) -> Facts:
    return {"typed": len([line for line in lines if line.startswith(": typed ")])}


def ours(rows: list[Row]) -> Facts:
    return facts([row["line"].decode() for row in rows])


def theirs(text: str) -> Facts:
    return facts([" ".join(line.split()[2:]) for line in text.splitlines()])


@contextmanager
def start(folder: Path) -> Iterator[Ready]:
    before = """
import os, pty, time
child, master = pty.fork()
if not child: os.execv("/bin/bash", ["bash", "--norc"])
def until(words):
    got = b""
    while words not in got: got += os.read(master, 4096)
os.write(master, b"PS1='re''ady> '\\n"); until(b"ready> ")
"""
    # The line that the shell waits for already when a tool is attached is no row of either.
    then = f"""
os.write(master, b": before\\n"); until(b"ready> ")
for n in range({LINES}):
    os.write(master, b": typed %d\\n" % n); until(b"ready> ")
say(typed={LINES})
"""
    with python(before, then)(folder) as ready:
        yield ready


CELL = Cell(
    tool="bashreadline",
    does=f"types {LINES} lines into a shell of its own",
    start=start,
    ours=ours,
    filters=lambda pid: Filters(ppid=pid),
    stock="bashreadline",
    theirs=theirs,
    confined=False,
    together=False,
)


@pytest.mark.kernel
def test_beside_the_stock_tool(tmp_path: Path) -> None:
    check_cell(CELL, tmp_path)

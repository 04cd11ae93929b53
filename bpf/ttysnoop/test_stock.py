"""ttysnoop beside the stock tool: lines that a pseudo-terminal of the workload's own shows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from proto.v1.agent_pb2 import Filters
from tests.matrix.cell import Cell, Facts, Ready, Row, python
from tests.matrix.measure import check_cell

LINES, SLAVE = 101, 100


def facts(shown: str) -> Facts:
    return {"lines": shown.count("line "), "characters": sum(len(line) for line in shown.split() if line.isdigit())}


def ours(rows: list[Row]) -> Facts:
    return facts(b"".join(row["data"] for row in rows).decode())


@contextmanager
def start(folder: Path) -> Iterator[Ready]:
    before = f"import os, pty\nmaster, slave = pty.openpty()\nos.dup2(slave, {SLAVE})"
    then = f"""
for n in range({LINES}):
    os.write(slave, b"line %d\\n" % n)
    os.read(master, 4096)
say(lines={LINES}, characters=sum(len(str(n)) for n in range({LINES})))
"""
    with python(before, then)(folder) as ready:
        ready.words = {"terminal": str(Path(f"/proc/{ready.pid}/fd/{SLAVE}").readlink())}
        yield ready


CELL = Cell(
    tool="ttysnoop",
    does=f"shows {LINES} lines on a terminal of its own",
    start=start,
    ours=ours,
    params=lambda ready: {"terminal": str(ready.words["terminal"]).removeprefix("/dev/")},
    filters=lambda _: Filters(),
    stock="ttysnoop -C {terminal}",
    theirs=facts,
    differs="bcc 0.26 does not know how Linux 6.0 and later describe the memory of a write (ITER_UBUF); why it shows "
    "nothing on 5.10 either was not found out",
)


@pytest.mark.kernel
def test_beside_the_stock_tool(tmp_path: Path) -> None:
    check_cell(CELL, tmp_path)

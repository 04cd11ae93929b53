"""killsnoop beside the stock tool: signals by two of the calls that send them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.matrix.cell import Cell, Facts, Row, python, table
from tests.matrix.measure import check_cell

KILLS, THREAD_KILLS = 1009, 7
WINCH = 28  # ignored by default, and here sent to a thread: by tgkill


def ours(rows: list[Row]) -> Facts:
    signals = Counter(row["sig"] for row in rows)
    return {"kill": signals[0], "pthread_kill": signals[WINCH]}


def theirs(text: str) -> Facts:
    signals = Counter(row["SIG"] for row in table(text, "TIME", "PID"))
    return {"kill": signals["0"], "pthread_kill": signals[str(WINCH)]}


CELL = Cell(
    tool="killsnoop",
    does=f"sends {KILLS} signals with kill and {THREAD_KILLS} with pthread_kill",
    start=python(
        "import os, signal, threading",
        f"""
for _ in range({KILLS}): os.kill(os.getpid(), 0)
for _ in range({THREAD_KILLS}): signal.pthread_kill(threading.main_thread().ident, {WINCH})
say(kill={KILLS}, pthread_kill={THREAD_KILLS})
""",
    ),
    ours=ours,
    stock="killsnoop -p {pid}",
    theirs=theirs,
    differs="the stock tool sees kill(2) alone, not tgkill(2), with which threads are signalled",
)


@pytest.mark.kernel
def test_beside_the_stock_tool(tmp_path: Path) -> None:
    check_cell(CELL, tmp_path)

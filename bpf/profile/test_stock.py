"""profile beside the stock tool: a program whose time splits 30 to 70 by construction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.matrix.cell import Cell, Facts, Ready, Row
from tests.matrix.measure import check_cell
from tests.workloads.compiled import build, running

SECONDS, LEFT_PERCENT = 4, 30


def facts(left: int, right: int) -> Facts:
    return {"left_percent": round(100 * left / (left + right))}


def ours(rows: list[Row]) -> Facts:
    left, right = (sum(row["samples"] for row in rows if f"chain_{side}" in row["stack"]) for side in ("left", "right"))
    return facts(left, right)


def theirs(text: str) -> Facts:
    lines = [line.rsplit(None, 1) for line in text.splitlines() if ";" in line]
    left, right = (sum(int(n) for stack, n in lines if f"chain_{side};" in stack) for side in ("left", "right"))
    return facts(left, right)


@contextmanager
def start(folder: Path) -> Iterator[Ready]:
    with running(build("chain.c", folder), SECONDS, "stay") as target:
        yield Ready(target, read=lambda _: {"left_percent": LEFT_PERCENT})


CELL = Cell(
    tool="profile",
    does=f"uses {SECONDS} s of CPU time, {LEFT_PERCENT}% of it on one of two paths; within a tenth of that",
    start=start,
    ours=ours,
    params=lambda _: {"frequency": "499"},
    stock="profile -f -F 499 -p {pid}",
    theirs=theirs,
    tolerance=0.1,
)


@pytest.mark.kernel
def test_beside_the_stock_tool(tmp_path: Path) -> None:
    check_cell(CELL, tmp_path)

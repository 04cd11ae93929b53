"""stackcount beside the stock tool: one function, called on two paths."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.matrix.cell import Cell, Facts, Row, compiled
from tests.matrix.measure import check_cell

CALLS = {"by_left": 5003, "by_right": 3001}
LINE = re.compile(r"^(functions(?:;\S+)?) (\d+)$", re.MULTILINE)


def ours(rows: list[Row]) -> Facts:
    return {name: sum(row["calls"] for row in rows if name in row["stack"]) for name in CALLS}


def theirs(text: str) -> Facts:
    """Of two stacks that fall into the same of its 1024 places the second is shown without frames; of which of our
    functions these calls are, their number tells."""
    lines = [(stack.split(";"), int(count)) for stack, count in LINE.findall(text)]
    found = {name: sum(count for frames, count in lines if name in frames) for name in CALLS}
    for frames, count in lines:
        if len(frames) == 1:
            found = {name: calls + part for (name, calls), part in zip(found.items(), parts(count), strict=True)}
    return found


def parts(calls: int) -> tuple[int, int]:
    left, right = CALLS.values()
    ways = [(a * left, b * right) for a in range(3) for b in range(3)]
    return next((way for way in ways if sum(way) == calls), (0, 0))


CELL = Cell(
    tool="stackcount",
    does="calls a function on two paths, "
    + " and ".join(f"{2 * n}" for n in CALLS.values())
    + " times, in two threads",
    start=compiled("functions.c", *CALLS.values(), read=lambda _: {name: 2 * n for name, n in CALLS.items()}),
    ours=ours,
    params=lambda ready: {"function": f"{ready.words['program']}:leaf"},
    stock="stackcount -f -U -p {pid} {program}:leaf",
    theirs=theirs,
    together=False,
    differs="before Linux 6.11 the kernel leaves out the caller, which the stock tool then does not show",
)


@pytest.mark.kernel
def test_beside_the_stock_tool(tmp_path: Path) -> None:
    check_cell(CELL, tmp_path)

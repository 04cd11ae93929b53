"""usdt beside the stock tool trace: a probe that Python's authors have built in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.matrix.cell import Cell, Facts, Row, python
from tests.matrix.measure import check_cell

COUNT = 101
INTERPRETER = Path("/proc/self/exe").resolve()


def ours(rows: list[Row]) -> Facts:
    return {"passes": len(rows)}


def theirs(text: str) -> Facts:
    return {"passes": sum(" gc__start " in line for line in text.splitlines())}


CELL = Cell(
    tool="usdt",
    does=f"collects garbage {COUNT} times, in Python",
    start=python("import gc\ngc.disable()", f"for _ in range({COUNT}): gc.collect()\nsay(passes={COUNT})"),
    ours=ours,
    params=lambda _: {"probe": f"{INTERPRETER}:python:gc__start"},
    stock=f"trace -p {{pid}} 'u:{INTERPRETER}:gc__start \"%d\", arg1'",
    theirs=theirs,
    together=False,
)


@pytest.mark.kernel
def test_beside_the_stock_tool(tmp_path: Path) -> None:
    check_cell(CELL, tmp_path)

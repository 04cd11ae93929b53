"""tcptracer beside the stock tool: connections made, accepted and closed by one process."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.matrix.cell import Cell, Facts, Row, python, table
from tests.matrix.connections import BEFORE, COUNT, connect
from tests.matrix.measure import check_cell


def facts(kinds: list[str]) -> Facts:
    count = Counter(kinds)
    return {"connect": count["C"], "accept": count["A"], "close": count["X"]}


def ours(rows: list[Row]) -> Facts:
    letters = {b"connect": "C", b"accept": "A", b"close": "X"}
    return facts([letters[row["kind"]] for row in rows])


def theirs(text: str) -> Facts:
    return facts([row["T"] for row in table(text, "T", "PID")])


CELL = Cell(
    tool="tcptracer",
    does=f"makes, accepts and closes {COUNT} connections",
    start=python(BEFORE, connect(f"say(connect={COUNT}, accept={COUNT}, close={2 * COUNT})")),
    ours=ours,
    stock="tcptracer -p {pid}",
    theirs=theirs,
)


@pytest.mark.kernel
def test_beside_the_stock_tool(tmp_path: Path) -> None:
    check_cell(CELL, tmp_path)

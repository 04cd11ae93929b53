"""oomkill beside the stock tool: processes that run out of memory in a control group."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from proto.v1.agent_pb2 import Filters
from tests.matrix.cell import Cell, Facts, Ready, Row, python
from tests.matrix.measure import check_cell
from tests.workloads.memory_group import memory_group

LIMIT, KILLS = 32 * 1024 * 1024, 3


def ours(rows: list[Row]) -> Facts:
    return {"killed": sorted(row["vpid"] for row in rows)}


def theirs(text: str) -> Facts:
    return {"killed": sorted(map(int, re.findall(r"OOM kill of PID (\d+)", text)))}


@contextmanager
def start(folder: Path) -> Iterator[Ready]:
    with memory_group(LIMIT) as procs:
        then = f"""
killed = []
for _ in range({KILLS}):
    child = os.fork()
    if not child:
        with open({str(procs)!r}, "w") as file: file.write(str(os.getpid()))
        bytearray({2 * LIMIT}); os._exit(0)
    assert os.waitpid(child, 0)[1] == 9
    killed.append(child)
say(killed=sorted(killed))
"""
        with python("import os", then)(folder) as ready:
            yield ready


CELL = Cell(
    tool="oomkill",
    does=f"has {KILLS} children that run out of their control group's memory",
    start=start,
    ours=ours,
    filters=lambda pid: Filters(ppid=pid),
    stock="oomkill",
    theirs=theirs,
    confined=False,
)


@pytest.mark.kernel
def test_beside_the_stock_tool(tmp_path: Path) -> None:
    check_cell(CELL, tmp_path)

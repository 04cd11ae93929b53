"""cachestat beside the stock tool: pages of a file, cold and then warm."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.matrix.cell import Cell, Facts, Ready, Row, python
from tests.matrix.disk import mounted
from tests.matrix.measure import check_cell

PAGES, PAGE = 8192, 4096


def ours(rows: list[Row]) -> Facts:
    return {"missed": sum(row["missed"] for row in rows), "read": sum(row["read"] for row in rows)}


def theirs(text: str) -> Facts:
    rows = [line.split() for line in text.splitlines() if line.split()[3:4] and line.split()[3].endswith("%")]
    hits, misses = (sum(int(words[column]) for words in rows) for column in (0, 1))
    return {"missed": misses, "read": hits + misses}


@contextmanager
def start(folder: Path) -> Iterator[Ready]:
    """On a file system of its own: in a guest the root is no disk."""
    with mounted(folder) as place:
        (place / "pages").write_bytes(bytes(PAGES * PAGE))
        before = f"""
import os
fd = os.open({str(place / "pages")!r}, os.O_RDWR)
os.fsync(fd); os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
"""
        then = f"""
for _ in range(2): assert len(os.pread(fd, {PAGES * PAGE}, 0)) == {PAGES * PAGE}
say(missed={PAGES}, read={2 * PAGES})
"""
        with python(before, then)(folder) as ready:
            yield ready


CELL = Cell(
    tool="cachestat",
    does=f"reads {PAGES} pages of a file twice, first from the disk",
    start=start,
    ours=ours,
    stock="cachestat 1",
    theirs=theirs,
    confined=False,
    tolerance=0.05,
    differs="the stock tool counts folios, not pages, and all programs",
)


@pytest.mark.kernel
def test_beside_the_stock_tool(tmp_path: Path) -> None:
    check_cell(CELL, tmp_path)

"""Pages that a workload read and wrote, cold and warm, counted exactly."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from proto.v1.agent_pb2 import Filters
from tests.agent.runner.children import trace_children
from tests.agent.runner.traced import Traced, trace_statements

pytestmark = pytest.mark.kernel

PAGE = os.sysconf("SC_PAGE_SIZE")
PAGES = 1024
DROP = "os.fsync(fd); os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)"
# Without read-ahead, so that only the pages asked for come in.
EXACT = "os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_RANDOM)"


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    """Every page of it on the disk and none in the cache."""
    path = tmp_path / "pages"
    path.write_bytes(os.urandom(PAGES * PAGE))
    yield path


def trace(file: Path, prepare: str, then: str, **more: Any) -> Traced:
    before = f"import mmap, os\nfd = os.open({str(file)!r}, os.O_RDWR)\n{prepare}"
    return trace_statements("cachestat", before, then, **more)


def summed(traced: Traced) -> Counter[str]:
    total: Counter[str] = Counter()
    for row in traced.rows:
        total.update({name: row[name] for name in ("read", "missed", "written", "dirtied", "faults")})
    return total


# Read, and kept whatever else wants memory: PROT_READ, MAP_SHARED | MAP_LOCKED.
LOCK = f"""
import ctypes
map_file = ctypes.CDLL(None).mmap
map_file.restype = ctypes.c_void_p
assert map_file(None, ctypes.c_size_t({PAGES * PAGE}), 1, 0x2001, fd, ctypes.c_long(0)) != ctypes.c_void_p(-1).value
"""


@pytest.mark.proves("rows", "values")
def test_a_cold_read_misses_every_page_and_a_warm_one_none(file: Path) -> None:
    then = f"assert len(os.pread(fd, {PAGES * PAGE}, 0)) == {PAGES * PAGE}"
    cold = summed(trace(file, DROP, then))
    assert (cold["read"], cold["missed"], cold["written"]) == (PAGES, PAGES, 0)
    warm = summed(trace(file, LOCK, then))
    assert (warm["read"], warm["missed"], warm["written"]) == (PAGES, 0, 0)


def test_single_pages_and_the_same_page_again(file: Path) -> None:
    then = f"""
for page in range(0, {PAGES}, 8): os.pread(fd, 100, page * {PAGE})
for _ in range(101): os.pread(fd, 100, 0)
"""
    counts = summed(trace(file, f"{DROP}\n{EXACT}", then))
    assert counts["read"] == PAGES // 8 + 101
    assert counts["missed"] == PAGES // 8


def test_writing_is_no_miss(file: Path) -> None:
    more = f"os.lseek(fd, {PAGES * PAGE}, 0)"
    traced = trace(file, DROP + "\n" + more, f"for _ in range(103): os.write(fd, b'x' * {PAGE})")
    counts = summed(traced)
    assert (counts["written"], counts["missed"], counts["read"]) == (103, 0, 0)
    assert 0 < counts["dirtied"] <= 103
    assert {(row["pid"], row["comm"]) for row in traced.rows} == {(traced.pid, b"python")}


def test_pages_of_a_mapping_are_faults(file: Path) -> None:
    then = f"for page in range(0, {PAGES}, 64): memory[page * {PAGE}]"
    prepare = f"{DROP}\nmemory = mmap.mmap(fd, {PAGES * PAGE}, prot=mmap.PROT_READ)\nmemory.madvise(mmap.MADV_RANDOM)"
    counts = summed(trace(file, prepare, then))
    assert counts["missed"] == PAGES // 64
    assert counts["read"] == 0
    assert counts["faults"] >= PAGES // 64


def test_only_programs_of_the_name_that_was_meant(file: Path) -> None:
    prepare = DROP + "\nopen('/proc/self/comm', 'w').write('cachestat-test')"
    then = f"os.pread(fd, {PAGES * PAGE}, 0)"
    assert summed(trace(file, prepare, then, filters=Filters(comm="cachestat-test")))["read"] == PAGES
    assert trace(file, prepare, then, filters=Filters(comm="cachestat-tes")).rows == []


@pytest.mark.proves("threads", "children", "namespaces", "names")
def test_both_threads_of_children_that_die_at_once_one_in_a_pid_namespace_of_its_own(file: Path) -> None:
    before = f"import os\nfd = os.open({str(file)!r}, os.O_RDWR){LOCK}\ndef act(): os.pread(fd, 100, 0)"
    pids, rows, _ = trace_children("cachestat", before, threads=True)
    read: Counter[int] = Counter()
    for row in rows:
        read[row["pid"]] += row["read"]
    assert +read == dict.fromkeys(pids, 2)

"""Calls and bytes of each file equal those that a workload moved."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from proto.v1.agent_pb2 import Filters
from tests.agent.runner.children import check_threads, trace_children
from tests.agent.runner.traced import trace_statements

pytestmark = pytest.mark.kernel

MEASURES = ("calls", "reads", "writes", "read_bytes", "write_bytes")
OPEN = "import os\nfd = os.open({path!r}, os.O_RDWR | os.O_CREAT)"


def by_file(rows: list[dict[str, Any]], *names: bytes) -> dict[bytes, Counter[str]]:
    """What was added up for each file of these names."""
    files: dict[bytes, Counter[str]] = {name: Counter() for name in names}
    for row in rows:
        if row["file"] in files:
            files[row["file"]].update({measure: row[measure] for measure in MEASURES})
    return files


@pytest.mark.proves("rows", "values")
def test_every_call_that_reads_or_writes(tmp_path: Path) -> None:
    then = """
for _ in range(101): os.write(fd, b'w' * 1009)
for _ in range(11): os.pwrite(fd, b'w' * 13, 0)
for _ in range(7): os.writev(fd, [b'a' * 3, b'b' * 5])
for _ in range(5): os.pwritev(fd, [b'a' * 3, b'b' * 5], 0)
os.lseek(fd, 0, 0)
for _ in range(103): os.read(fd, 997)
for _ in range(17): os.pread(fd, 19, 0)
for _ in range(23): os.readv(fd, [bytearray(7), bytearray(4)])
for _ in range(29): os.preadv(fd, [bytearray(7), bytearray(4)], 0)
"""
    path = tmp_path / "counted"
    traced = trace_statements("filetop", OPEN.format(path=str(path)), then)
    counts = by_file(traced.rows, b"counted")[b"counted"]
    size = 101 * 1009 + 7 * 8
    left = size - 103 * 997 if size > 103 * 997 else 0
    read = min(103 * 997, size) + min(left, 23 * 11)
    assert path.stat().st_size == size
    assert counts["writes"] == 101 + 11 + 7 + 5
    assert counts["write_bytes"] == size + 11 * 13 + 5 * 8
    assert counts["reads"] == 103 + 17 + 23 + 29
    assert counts["read_bytes"] == read + 17 * 19 + 29 * 11
    assert counts["calls"] == counts["reads"] + counts["writes"]
    status = path.stat()
    row = next(row for row in traced.rows if row["file"] == b"counted")
    assert (row["pid"], row["tid"], row["inode"]) == (traced.pid, traced.pid, status.st_ino)
    assert (os.major(status.st_dev), os.minor(status.st_dev)) == (row["dev"] >> 20, row["dev"] & 0xFFFFF)


def test_files_of_one_name_stay_apart(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    before = f"import os\nfds = [os.open({str(tmp_path)!r} + f'/{{x}}/same', os.O_WRONLY | os.O_CREAT) for x in 'ab']"
    then = "for _ in range(3): os.write(fds[0], b'12345')\nfor _ in range(7): os.write(fds[1], b'1')"
    traced = trace_statements("filetop", before, then)
    bytes_by_inode: Counter[int] = Counter()
    for row in traced.rows:
        bytes_by_inode[row["inode"]] += row["write_bytes"] if row["file"] == b"same" else 0
    assert +bytes_by_inode == {(tmp_path / "a/same").stat().st_ino: 15, (tmp_path / "b/same").stat().st_ino: 7}


@pytest.mark.proves("names")
def test_the_longest_name_and_any_bytes(tmp_path: Path) -> None:
    name = b"\xff\xfe n\xc3\xa4me " + b"x" * 246
    before = f"import os\nfd = os.open({os.fsencode(tmp_path) + b'/' + name!r}, os.O_WRONLY | os.O_CREAT)"
    traced = trace_statements("filetop", before, "os.write(fd, b'123')")
    assert len(name) == 255
    assert by_file(traced.rows, name)[name] == Counter(calls=1, reads=0, writes=1, read_bytes=0, write_bytes=3)


@pytest.mark.parametrize("all_kinds", [False, True])
def test_pipes_only_when_asked_for(all_kinds: bool, tmp_path: Path) -> None:
    before = OPEN.format(path=str(tmp_path / "regular")) + "\nr, w = os.pipe()"
    then = "for _ in range(13): os.write(w, b'12'); os.read(r, 9)\nos.write(fd, b'1')"
    rows = trace_statements("filetop", before, then, {"all_kinds": str(all_kinds).lower()}).rows
    assert by_file(rows, b"regular")[b"regular"]["write_bytes"] == 1
    pipes = [row for row in rows if row.get("type") == 1 and row["writes"]]
    assert sum(row["write_bytes"] for row in pipes) == (26 if all_kinds else 0)


def test_calls_that_fail_are_not_counted(tmp_path: Path) -> None:
    (tmp_path / "readonly").write_bytes(b"12345")
    before = f"""
import contextlib, os
fd = os.open({str(tmp_path / "readonly")!r}, os.O_RDONLY)
"""
    then = """
for _ in range(31):
    with contextlib.suppress(OSError): os.write(fd, b'1')
os.read(fd, 9), os.read(fd, 9)
"""
    rows = trace_statements("filetop", before, then).rows
    counts = by_file(rows, b"readonly")[b"readonly"]
    assert counts == Counter(calls=2, reads=2, writes=0, read_bytes=5, write_bytes=0)


def test_only_programs_of_the_name_that_was_meant(tmp_path: Path) -> None:
    before = OPEN.format(path=str(tmp_path / "file")) + "\nopen('/proc/self/comm', 'w').write('filetop-test')"
    rows = trace_statements("filetop", before, "os.write(fd, b'1')", filters=Filters(comm="filetop-test")).rows
    assert by_file(rows, b"file")[b"file"]["write_bytes"] == 1
    rows = trace_statements("filetop", before, "os.write(fd, b'1')", filters=Filters(comm="filetop-tes")).rows
    assert rows == []


@pytest.mark.proves("threads", "children", "namespaces", "names")
def test_both_threads_of_children_that_die_at_once_one_in_a_pid_namespace_of_its_own(tmp_path: Path) -> None:
    opened = f"fd = os.open({str(tmp_path / 'file')!r}, os.O_RDWR | os.O_CREAT)"
    before = f"import os\n{opened}\ndef act(): os.write(fd, b'x' * 101)"
    children = trace_children("filetop", before, threads=True)
    check_threads(children)
    written = [(row["pid"], row["file"], row["writes"], row["write_bytes"]) for row in children.rows]
    assert sorted(written) == sorted((pid, b"file", 1, 101) for pid in children.acts)

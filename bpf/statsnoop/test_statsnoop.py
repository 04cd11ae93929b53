"""statsnoop against a process that knows what it asked about."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from proto.v1.agent_pb2 import Filters
from tests.agent.runner.children import trace_children
from tests.agent.runner.traced import trace_statements

pytestmark = pytest.mark.kernel

COUNT = 5003
BEFORE = """
import contextlib, ctypes, os, threading
libc = ctypes.CDLL(None)
buffer = ctypes.create_string_buffer(4096)
def call(number, *arguments): return libc.syscall(ctypes.c_long(number), *arguments)
"""


def trace(then: str, params: dict[str, str] | None = None, filters: Filters | None = None) -> list[dict[str, Any]]:
    return trace_statements("statsnoop", BEFORE, then, params, filters).rows


@pytest.mark.proves("rows")
def test_a_prime_number_of_missing_paths_arrives_whole_and_in_order() -> None:
    rows = trace(f"""
for number in range({COUNT}):
    with contextlib.suppress(OSError): os.stat(f"/nonexistent/fleetscope-{{number}}")
""")
    assert [row["path"] for row in rows] == [f"/nonexistent/fleetscope-{number}".encode() for number in range(COUNT)]
    assert {row["err"] for row in rows} == {errno.ENOENT}
    assert [row["time"] for row in rows] == sorted(row["time"] for row in rows)
    assert len({(row["pid"], row["tid"], row["comm"]) for row in rows}) == 1


@pytest.mark.proves("values", "errno")
def test_every_call_is_seen_with_its_path_and_outcome() -> None:
    rows = trace("""
call(4, b"/etc/passwd", buffer)
call(6, b"/nonexistent/\\xff", buffer)
call(262, -100, b"etc-relative", buffer, 0)
call(262, 0, b"", buffer, 0x1000)
call(332, -100, b"/" + b"x" * 1000, 0, 0, buffer)
call(137, b"/", buffer)
call(137, b"/etc/passwd/below", buffer)
""")
    assert [(row["call"], row["path"], row["err"]) for row in rows] == [
        ("stat", b"/etc/passwd", 0),
        ("lstat", b"/nonexistent/\xff", errno.ENOENT),
        ("newfstatat", b"etc-relative", errno.ENOENT),
        ("newfstatat", b"", 0),
        ("statx", b"/" + b"x" * 1000, errno.ENAMETOOLONG),
        ("statfs", b"/", 0),
        ("statfs", b"/etc/passwd/below", errno.ENOTDIR),
    ]


@pytest.mark.proves("threads")
def test_threads_have_their_own_number_and_failed_only_leaves_out_the_rest() -> None:
    rows = trace(
        """
def ask():
    os.stat("/")
    with contextlib.suppress(OSError): os.stat("/nonexistent/in-thread")
thread = threading.Thread(target=ask); thread.start(); thread.join()
""",
        {"failed_only": "true"},
    )
    (row,) = rows
    assert row["path"] == b"/nonexistent/in-thread"
    assert row["tid"] != row["pid"]


@pytest.mark.parametrize(
    ("filters", "seen"),
    [(Filters(ppid=os.getpid(), uid=os.getuid()), 1), (Filters(ppid=os.getpid(), comm="another"), 0)],
)
def test_filters_see_the_workload_and_nothing_else(filters: Filters, seen: int) -> None:
    rows = trace('os.stat("/etc/hostname")', filters=filters)
    assert [row["path"] for row in rows] == [b"/etc/hostname"] * seen


@pytest.mark.proves("relative", "long")
def test_relative_paths_have_the_folder_in_which_they_start(tmp_path: Path) -> None:
    then = f"""
os.chdir({str(tmp_path)!r})
call(4, b"missing", buffer)
call(262, os.open("/usr/share", os.O_RDONLY), b"doc", buffer, 0)
call(332, -100, b"/etc/passwd", 0, 0, buffer)
call(137, b".", buffer)
call(262, -100, b"{"x" * 4094}", buffer, 0)
"""
    rows = trace(then, {"folder": "true"})
    assert [(row["folder"], row["path"], row["err"]) for row in rows] == [
        (os.fsencode(tmp_path), b"missing", errno.ENOENT),
        (b"/usr/share", b"doc", 0),
        (b"", b"/etc/passwd", 0),
        (os.fsencode(tmp_path), b".", 0),
        (os.fsencode(tmp_path), b"x" * 4094, errno.ENAMETOOLONG),
    ]


@pytest.mark.proves("children", "namespaces", "names")
def test_children_that_die_at_once_and_one_in_a_pid_namespace_of_its_own() -> None:
    pids, rows, _ = trace_children("statsnoop", f"{BEFORE}\ndef act(): call(4, b'/nonexistent/\\xff', buffer)")
    rows = [row for row in rows if row["path"].startswith(b"/nonexistent/")]
    assert [(row["pid"], row["path"], row["err"]) for row in rows] == [
        (pid, b"/nonexistent/\xff", errno.ENOENT) for pid in pids
    ]

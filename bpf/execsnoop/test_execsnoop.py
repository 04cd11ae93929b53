"""What was started, and what failed to start, compared with what this test itself started."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from proto.v1.agent_pb2 import Filters
from tests.agent.runner.children import trace_children
from tests.agent.runner.harness import Run

pytestmark = pytest.mark.kernel

TRUE = "/bin/true"
REPEATS = 23


def argv(row: dict[str, bytes]) -> list[bytes]:
    return row["args"].removesuffix(b"\0").split(b"\0")


def started_by_this_test(params: dict[str, str] | None = None, comm: str | None = None) -> Run:
    return Run("execsnoop", params, Filters(ppid=os.getpid(), uid=os.getuid(), comm=comm))


@pytest.mark.proves("rows", "values")
def test_41_arguments_arrive_whole_with_the_parent() -> None:
    command = [TRUE, *(f"argument-{n}" for n in range(40))]
    with started_by_this_test() as run:
        pids = []
        for _ in range(REPEATS):
            child = subprocess.Popen(command)
            child.wait()
            pids.append(child.pid)
        run.stop()
        run.wait()
        rows = run.rows()
        run.check_books()
    assert [row["pid"] for row in rows] == pids
    assert {row["ppid"] for row in rows} == {os.getpid()}
    assert {row["comm"] for row in rows} == {b"true"}
    assert {row["pcomm"] for row in rows} == {own_name()}
    assert {(row["err"], row["argc"], row["cut"], row["uid"]) for row in rows} == {(0, 41, 0, os.getuid())}
    assert all(argv(row) == [word.encode() for word in command] for row in rows)


def own_name() -> bytes:
    return Path("/proc/self/comm").read_bytes().strip()


@pytest.mark.proves("long")
@pytest.mark.parametrize("size", [8 * 1024, 60_000])
def test_long_arguments_arrive_whole(size: int) -> None:
    command = [TRUE, "x" * (size // 2), "y" * (size // 2)]
    with started_by_this_test() as run:
        subprocess.run(command, check=True)
        run.stop()
        run.wait()
        (row,) = run.rows()
    assert argv(row) == [word.encode() for word in command]
    assert row["cut"] == 0


def test_what_does_not_fit_is_said_to_be_cut() -> None:
    with started_by_this_test() as run:
        subprocess.run([TRUE, "x" * 100_000], check=True)
        run.stop()
        run.wait()
        (row,) = run.rows()
    assert row["cut"] == 1
    assert len(row["args"]) == 65536
    assert row["argc"] == 2


@pytest.mark.proves("errno")
def test_failed_starts_carry_their_arguments_and_the_reason() -> None:
    arguments = [f"a{n}" for n in range(40)]
    with started_by_this_test({"outcome": "failed"}) as run:
        for path in ("/no/such/program", "/etc/passwd"):
            with contextlib.suppress(OSError):
                subprocess.run([path, *arguments, "z" * 8192], check=True)
        subprocess.run([TRUE], check=True)
        run.stop()
        run.wait()
        missing, refused = run.rows()
        run.check_books()
    assert (missing["err"], refused["err"]) == (2, 13)
    assert argv(missing) == [word.encode() for word in ["/no/such/program", *arguments, "z" * 8192]]
    assert argv(refused)[0] == b"/etc/passwd"
    assert (missing["argc"], missing["cut"], missing["ppid"]) == (42, 0, os.getpid())


@pytest.mark.proves("threads")
def test_a_start_by_descriptor_and_from_a_thread_is_seen() -> None:
    code = f"""
import os, threading
threading.Thread(target=lambda: os.execve(os.open({TRUE!r}, os.O_RDONLY), ["by-descriptor", "1"], {{}})).start()
threading.Event().wait()
"""
    with started_by_this_test() as run:
        child = subprocess.Popen([sys.executable, "-S", "-c", code])
        child.wait()
        run.stop()
        run.wait()
        python, by_descriptor = run.rows()
    assert argv(python)[1] == b"-S"
    assert argv(by_descriptor) == [b"by-descriptor", b"1"]
    assert by_descriptor["pid"] == child.pid


def test_filters_choose_the_program() -> None:
    with started_by_this_test({"outcome": "started"}, comm="sleep") as run:
        subprocess.run([TRUE], check=True)
        subprocess.run(["sleep", "0"], check=True)
        with contextlib.suppress(OSError):
            subprocess.run(["/no/such/program"], check=True)
        run.stop()
        run.wait()
        (row,) = run.rows()
    assert argv(row) == [b"sleep", b"0"]


@pytest.mark.proves("children", "namespaces", "names")
def test_children_that_die_at_once_and_one_in_a_pid_namespace_of_its_own() -> None:
    before = """
import contextlib, os
def act():
    with contextlib.suppress(OSError): os.execv(b"/nonexistent/\\xff", [b"name", b"\\xff\\x80"])
"""
    pids, rows, _ = trace_children("execsnoop", before)
    assert [row["pid"] for row in rows] == pids
    assert {tuple(argv(row)) for row in rows} == {(b"/nonexistent/\xff", b"\xff\x80")}
    assert {row["err"] for row in rows} == {errno.ENOENT}

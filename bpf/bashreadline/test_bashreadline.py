"""bashreadline against shells at a pseudo-terminal, which get lines that the test knows."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from proto.v1.agent_pb2 import Filters, RunUpdate
from tests.agent.runner.children import NAME
from tests.agent.runner.harness import Run
from tests.waiting import wait_for

pytestmark = pytest.mark.kernel

LINES = 211
CUT = 32768


class Shell:
    """An interactive bash that asks with `> ` when it wants the next line."""

    def __init__(self, program: Sequence[str] = ("bash",)) -> None:
        self.terminal, inside = pty.openpty()
        command = [*program, "--norc", "--noprofile", "-i"]
        env = {"PATH": os.environ["PATH"], "PS1": "> ", "TERM": "dumb", "HISTFILE": "/dev/null", "LC_ALL": "C"}
        self.process = subprocess.Popen(
            command, stdin=inside, stdout=inside, stderr=inside, env=env, start_new_session=True, close_fds=True
        )
        os.close(inside)
        self._read_to_prompt()

    def enter(self, line: bytes) -> None:
        os.write(self.terminal, line + b"\n")
        self._read_to_prompt()

    def enter_unseen(self) -> None:
        """The line that a shell was waiting for when the session started is not seen."""
        self.enter(b": unseen")

    def close(self) -> None:
        os.close(self.terminal)
        self.process.wait(30)

    def _read_to_prompt(self) -> None:
        shown = b""
        while not shown.endswith(b"> "):
            shown += os.read(self.terminal, 65536)


@contextmanager
def shells(count: int = 1, program: Sequence[str] = ("bash",)) -> Iterator[list[Shell]]:
    running = [Shell(program) for _ in range(count)]
    try:
        yield running
    finally:
        for shell in running:
            shell.close()


def lines_of(run: Run, expected: int) -> list[bytes]:
    run.wait_for(expected)
    run.stop()
    run.wait()
    run.check_books()
    assert all(row["size"] == len(row["line"]) for row in run.rows())
    return [row["line"] for row in run.rows()]


@pytest.mark.proves("rows", "values")
def test_a_prime_number_of_lines_as_they_were_typed() -> None:
    typed = [b": line %d" % number for number in range(LINES)]
    with shells() as (shell,), Run("bashreadline", filters=Filters(pid=shell.process.pid)) as run:
        assert run.first.state == RunUpdate.STATE_ATTACHED, run.end.message
        shell.enter_unseen()
        for line in typed:
            shell.enter(line)
        assert lines_of(run, LINES) == typed
        whose = {(row["pid"], row["tid"], row["uid"], row["comm"]) for row in run.rows()}
        assert whose == {(shell.process.pid, shell.process.pid, os.getuid(), b"bash")}


@pytest.mark.proves("long", "names")
def test_empty_long_and_non_utf8_lines_are_whole() -> None:
    typed = [b"", b": caf\xc3\xa9", b": " + b"x" * 3000, b"# " + b"abcdefg " * 2500, b": 'quo\\ted' \"$HOME\""]
    with shells() as (shell,), Run("bashreadline", filters=Filters(pid=shell.process.pid)) as run:
        shell.enter_unseen()
        for line in typed:
            shell.enter(line)
        assert lines_of(run, len(typed)) == typed


def test_without_a_pid_filters_choose_shells() -> None:
    """Both shells are ours; a look at one parent's children sees no other shell of this host."""
    ours = Filters(ppid=os.getpid(), comm="bash", uid=os.getuid())
    with shells(2) as (first, second), Run("bashreadline", filters=ours) as run:
        first.enter_unseen()
        second.enter_unseen()
        first.enter(b": one")
        second.enter(b": two")
        assert lines_of(run, 2) == [b": one", b": two"]
        assert [row["pid"] for row in run.rows()] == [first.process.pid, second.process.pid]


def test_a_program_without_readline_is_refused() -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as cat:
        with Run("bashreadline", filters=Filters(pid=cat.pid)) as run:
            message = run.end.message
        assert cat.stdin
        cat.stdin.close()
    assert message == f"process {cat.pid} (cat) has no program or library loaded that defines any of readline"


@pytest.mark.proves("children", "namespaces", "names")
@pytest.mark.parametrize("wrap", [(), ("unshare", "--pid", "--fork")], ids=["ours", "its own"])
def test_a_shell_of_any_name_that_dies_at_once_in_a_pid_namespace(tmp_path: Path, wrap: tuple[str, ...]) -> None:
    """The first of a pid namespace cannot kill itself."""
    program, last = tmp_path / os.fsdecode(NAME), b"exit" if wrap else b"kill -9 $$"
    program.symlink_to("/bin/bash")
    with shells(1, [*wrap, str(program)]) as (shell,):
        pid = child_of(shell.process.pid) if wrap else shell.process.pid
        with Run("bashreadline", filters=Filters(ppid=shell.process.pid if wrap else os.getpid())) as run:
            shell.enter_unseen()
            shell.enter(b": \xff")
            os.write(shell.terminal, last + b"\n")
            shell.process.wait(30)
            assert lines_of(run, 2) == [b": \xff", last]
            assert {(row["pid"], row["comm"]) for row in run.rows()} == {(pid, NAME)}


def child_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text())


READER = """
import ctypes, os, threading
readline = ctypes.CDLL("libreadline.so.8").readline
readline.restype = ctypes.c_char_p
def read():
    print(threading.get_native_id(), flush=True)
    while (line := readline(b"> ")) is not None: os.write(1, b"=" + line + b"\\n")
threading.Thread(target=read).start()
"""


@pytest.mark.proves("threads")
def test_a_thread_of_a_program_with_the_library_is_seen_and_a_huge_line_cut(tmp_path: Path) -> None:
    """It answers into a file: one that waits for a reader of its answers would take no more of what is typed."""
    typed = [b"line %d" % number for number in range(13)] + [b"x" * 40_009]
    terminal, inside = pty.openpty()
    answers = tmp_path / "answers"
    with answers.open("wb") as file:
        reader = subprocess.Popen([sys.executable, "-c", READER], stdin=inside, stdout=file, stderr=inside)
    try:
        wait_for(lambda: b"\n" in answers.read_bytes(), 60, "the thread's number")
        tid = int(answers.read_bytes().splitlines()[0])
        with Run("bashreadline", filters=Filters(pid=reader.pid)) as run:
            for line in [b"unseen", *typed]:
                write_all(terminal, line + b"\n")
                wait_answered(answers, line)
            run.wait_for(len(typed))
            run.stop()
            run.wait()
            run.check_books()
            assert [(row["size"], row["line"]) for row in run.rows()] == [(len(line), line[:CUT]) for line in typed]
            assert {(row["pid"], row["tid"]) for row in run.rows()} == {(reader.pid, tid)}
            assert tid != reader.pid
    finally:
        reader.kill()
        reader.wait()
        os.close(terminal)
        os.close(inside)


def wait_answered(answers: Path, line: bytes) -> None:
    wait_for(lambda: b"=" + line + b"\n" in answers.read_bytes(), 60, "the answer to a line")


def write_all(terminal: int, data: bytes) -> None:
    """A terminal takes what its reader has room for."""
    while data:
        data = data[os.write(terminal, data[:1024]) :]

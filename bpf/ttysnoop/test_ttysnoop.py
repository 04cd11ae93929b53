"""ttysnoop against pseudo-terminals made for it, whose readers know every byte they got."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from proto.v1.agent_pb2 import Filters, RunUpdate
from tests.agent.runner.children import check_threads, trace_children
from tests.agent.runner.harness import Run
from tests.agent.runner.traced import Traced, trace_workload
from tests.waiting import wait_for
from tests.workloads.spawn import workload

pytestmark = pytest.mark.kernel

LINES = 211
SLAVE = 100
# A pseudo-terminal with its slave at a known descriptor; shown() reads so many bytes from it, as its screen would.
BEFORE = f"""
import base64, fcntl, json, os, pty, struct, sys, termios, threading, time, tty
master, slave = pty.openpty()
os.dup2(slave, {SLAVE})
def resize(rows, columns): fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("4H", rows, columns, 0, 0))
def shown(size):
    got = b""
    while len(got) < size: got += os.read(master, 65536)
    return got
def say(data): print(base64.b64encode(data).decode())
resize(37, 111)
"""


def terminal_of(pid: int, descriptor: int) -> str:
    return str(Path(f"/proc/{pid}/fd/{descriptor}").readlink()).removeprefix("/dev/")


def trace(then: str, before: str = "", **params: str) -> Traced:
    with workload("statements.py", BEFORE + before, then) as target:
        terminal = terminal_of(target.pid, SLAVE)
        traced = trace_workload(Run("ttysnoop", {"terminal": terminal, **params}), target, ends_itself=False)
    assert {row["terminal"] for row in traced.rows} <= {terminal}
    return traced


def joined(rows: list[dict[str, Any]], direction: bytes) -> bytes:
    assert all(row["size"] == len(row["data"]) for row in rows)
    return b"".join(row["data"] for row in rows if row["direction"] == direction)


@pytest.mark.proves("rows", "values", "names")
def test_a_burst_is_shown_byte_for_byte() -> None:
    traced = trace("""
lines = [(b"%d \\xff\\x1b[31m" % n) + b"x" * 500 + b"\\n" for n in range(211)]
writer = threading.Thread(target=lambda: [os.write(slave, line) for line in lines])
writer.start()
say(shown(sum(map(len, lines)) + len(lines)))
""")
    screen = b"".join(base64.b64decode(line) for line in traced.said.split())
    assert len(screen) > 100_000
    assert joined(traced.rows, b"out") == screen
    assert {(row["pid"], row["rows"], row["columns"]) for row in traced.rows} == {(traced.pid, 37, 111)}


@pytest.mark.proves("flags")
def test_the_echo_is_shown_and_what_is_typed_only_when_asked_for() -> None:
    then = """
for n in range(31): os.write(master, b"key %d\\x7f\\n" % n); say(shown(10))
"""
    traced = trace(then)
    echo = b"".join(base64.b64decode(line) for line in traced.said.split())
    assert echo.startswith(b"key 0\b \b\r\n")
    assert joined(traced.rows, b"out") == echo
    assert joined(traced.rows, b"in") == b""
    typed = trace(then, typed="true").rows
    assert joined(typed, b"out") == echo
    assert joined(typed, b"in") == b"".join(b"key %d\x7f\n" % number for number in range(31))


@pytest.mark.proves("long")
def test_what_one_read_takes_is_whole() -> None:
    """Read when all of it is there: the kernel hands it on bit by bit."""
    traced = trace("""
tty.setraw(slave)
os.write(slave, b"\\xff" * 3001)
there = bytearray(4)
while int.from_bytes(there, "little") < 3001: fcntl.ioctl(master, termios.FIONREAD, there)
os.read(master, 65536)
""")
    assert [(row["size"], row["data"]) for row in traced.rows] == [(3001, b"\xff" * 3001)]


def test_pieces_of_one_call_stay_in_their_order() -> None:
    traced = trace(
        """
tty.setraw(slave)
for n in range(13):
    os.writev(slave, [b"a" * 300, b"b", b"", b"c" * 20])
    parts = [bytearray(7), bytearray(200), bytearray(1000)]
    left = 321
    while left: left -= os.readv(master, parts)
"""
    )
    assert joined(traced.rows, b"out") == (b"a" * 300 + b"b" + b"c" * 20) * 13
    assert max(row["size"] for row in traced.rows) < 1000


def test_each_row_has_the_size_of_the_screen_at_its_time() -> None:
    sizes = [(24, 80), (50, 132), (1, 1)]
    then = "\n".join(f"resize({rows}, {columns}); os.write(slave, b'x'); shown(1)" for rows, columns in sizes)
    assert [(row["rows"], row["columns"]) for row in trace(then).rows] == sizes


OTHERS = """
import ctypes, subprocess
libc = ctypes.CDLL(None)
wanted = os.ttyname(slave)
other, other_slave = pty.openpty()
# A /dev/pts of another container, with a terminal of the same number in it.
assert libc.unshare(0x20000) == 0 and libc.mount(b"none", b"/", None, 0x44000, None) == 0  # CLONE_NEWNS, MS_PRIVATE
assert libc.mount(b"devpts", b"/dev/pts", b"devpts", 0, b"newinstance,ptmxmode=0666,mode=0600") == 0
names = ctypes.create_string_buffer(64)
held = []
while not held or names.value.decode() != wanted:
    held.append(os.open("/dev/pts/ptmx", os.O_RDWR | os.O_NOCTTY))
    assert libc.unlockpt(held[-1]) == 0 and libc.ptsname_r(held[-1], names, 64) == 0
twin = os.open(wanted, os.O_RDWR | os.O_NOCTTY)
"""


def test_other_terminals_are_not_seen_even_if_they_have_its_name() -> None:
    traced = trace(
        """
os.write(other_slave, b"secret"); os.read(other, 100)
os.write(twin, b"secret"); assert os.read(held[-1], 100) == b"secret"
os.write(slave, b"ours"); shown(4)
""",
        OTHERS,
    )
    assert joined(traced.rows, b"out") == b"ours"


@pytest.mark.parametrize("terminal", ["pts/999999", "tty9999"])
def test_a_terminal_that_does_not_exist_is_refused(terminal: str) -> None:
    with Run("ttysnoop", {"terminal": terminal}) as run:
        assert run.first.state == RunUpdate.STATE_ENDED
        message = run.end.message
    assert message.startswith(f"there is no terminal /dev/{terminal}: No such file or directory; open pseudo-")


@contextmanager
def tmux(folder: Path) -> Iterator[list[str]]:
    """A server of its own with one window; yields the command that talks to it."""
    command = ["tmux", "-S", str(folder / "socket"), "-f", "/dev/null"]
    subprocess.run([*command, "new-session", "-d", "-x", "90", "-y", "30", "env -i PS1='$ ' sh"], check=True)
    try:
        yield command
    finally:
        subprocess.run([*command, "kill-server"], check=True)


def test_a_window_of_tmux_is_what_tmux_itself_records(tmp_path: Path) -> None:
    record = tmp_path / "record"
    with tmux(tmp_path) as command:
        wanted = "#{pane_tty} #{pane_height} #{pane_width}"
        asked = subprocess.run([*command, "display", "-p", wanted], check=True, capture_output=True, text=True)
        terminal, height, width = asked.stdout.split()
        with Run("ttysnoop", {"terminal": terminal}) as run:
            assert run.first.state == RunUpdate.STATE_ATTACHED
            subprocess.run([*command, "pipe-pane", f"exec cat > {record}"], check=True)
            script = f"i=0; while [ $i -lt {LINES} ]; do printf '%d \\033[1mbold\\033[0m \\377\\n' $i; i=$((i+1)); done"
            subprocess.run([*command, "send-keys", f"{script}; echo al''l done", "Enter"], check=True)
            wait_for(lambda: record.exists() and b"all done\r\n$ " in record.read_bytes(), 60, "the end of the output")
            run.stop()
            run.wait()
            run.check_books()
            rows = run.rows()
    screen = joined(rows, b"out")
    assert screen.count(b"\x1b[1mbold\x1b[0m \xff\r\n") == LINES
    assert record.read_bytes() in screen
    assert {(row["comm"], row["rows"], row["columns"]) for row in rows} == {(b"tmux: server", int(height), int(width))}


@pytest.mark.proves("threads", "children", "namespaces", "names")
def test_both_threads_of_children_that_die_at_once_one_in_a_pid_namespace_of_its_own() -> None:
    before = BEFORE + "tty.setraw(slave)\ndef act(): os.write(slave, b'\\xff' * 7); shown(7)"
    children = trace_children(
        "ttysnoop", before, lambda pid: {"terminal": terminal_of(pid, SLAVE)}, threads=True, filters=Filters()
    )
    check_threads(children)
    assert [(row["pid"], row["data"]) for row in children.rows] == [(pid, b"\xff" * 7) for pid in children.acts]

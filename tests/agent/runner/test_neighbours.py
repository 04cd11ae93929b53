"""What lies in a program's memory behind the bytes that it hands over is never captured, nor in the padding of what is
stored. The secret is handed over once itself: then it is found, and there alone.

``--cases 8192`` takes every size up to that one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bpf.bashreadline.test_bashreadline import lines_of, shells
from bpf.catalog import ROOT, load_tool
from proto.columnar import decompress_body
from proto.v1.agent_pb2 import Filters, RunUpdate
from tests.agent.runner.harness import Run
from tests.workloads import tls
from tests.workloads.compiled import build, running
from tests.workloads.spawn import Workload, workload

pytestmark = pytest.mark.kernel

SECRET = b"<a secret behind the buffer>"
SHORT = 1100
TLS_CUT, FREE_CUT = 32_768, 5000
MOST = 40_000


def sizes(tool: str, every: int, most: int = MOST) -> list[int]:
    """Every size up to one, and those around the limits of the tool's slots, of pages and of TLS records."""
    columns = [column for stream in load_tool(ROOT / tool).tool.streams for column in stream.columns]
    limits = {1024, 2048, 4096, 8192, 16384, 32768, *(size for column in columns for size in column.classes)}
    near = {limit + by for limit in limits for by in (-2, -1, 0, 1, 2)}
    return sorted(size for size in {*range(every + 1), *near} if size <= most)


def stored(run: Run) -> bytes:
    """Every byte that left the kernel, as it is before it is compressed."""
    bodies = [(item.body, item.head.body_size) for item in run.frames() if item.head.rows]
    return b"".join(decompress_body(body, size) for body, size in bodies)


def check_padding(run: Run) -> None:
    """Even of the beginning of the secret there is no more than where it was handed over."""
    assert 0 < stored(run).count(SECRET[:4]) <= sum(SECRET in row.values() for row in run.rows())


def trace(run: Run, target: Workload, *, ends_itself: bool = True) -> list[dict[str, Any]]:
    with run:
        assert run.first.state == RunUpdate.STATE_ATTACHED, run.end.message
        target.go()
        target.finish()
        if not ends_itself:
            run.stop()
        run.wait()
        assert run.lost() == {}
        check_padding(run)
        return run.rows()


@pytest.fixture
def wanted(pytestconfig: pytest.Config) -> int:
    return int(pytestconfig.getoption("--cases")) or SHORT


@contextmanager
def handing_over(folder: Path, handed: list[int]) -> Iterator[Workload]:
    program = build("neighbours.c", folder, "-lssl", "-lcrypto")
    with running(program, *tls.certificate(folder), *handed) as target:
        yield target


def test_nothing_behind_what_is_sent_or_read_through_tls(tmp_path: Path, wanted: int) -> None:
    handed = sizes("sslsniff", wanted)
    with handing_over(tmp_path, handed) as target:
        rows = trace(Run("sslsniff", filters=Filters(pid=target.pid)), target)
    sent = [row["data"] for row in rows if row["direction"] == b"out"]
    read = [row["data"] for row in rows if row["direction"] == b"in"]
    assert [len(data) for data in sent[:-1]] == [min(size, TLS_CUT) for size in handed if size]
    assert sum(len(data) for data in read[:-1]) == sum(handed)
    assert (sent[-1], read[-1]) == (SECRET, SECRET)
    assert {byte for data in (*sent[:-1], *read[:-1]) for byte in set(data)} == {ord("d")}


def test_nothing_behind_a_buffer_that_a_free_probe_reads(tmp_path: Path, wanted: int) -> None:
    handed = sizes("uprobe", wanted)
    with handing_over(tmp_path, handed) as target:
        params = {"function": f"{tmp_path}/neighbours:data", "args": f"what:bytes[size:{FREE_CUT}],size:s64"}
        rows = trace(Run("uprobe", params, Filters(pid=target.pid)), target)
    assert [(row["size"], len(row["what"])) for row in rows[:-1]] == [(size, min(size, FREE_CUT)) for size in handed]
    assert rows[-1]["what"] == SECRET
    assert {byte for row in rows[:-1] for byte in set(row["what"])} == {ord("d")}


TERMINAL = f"""
import ctypes, os, pty, tty
master, slave = pty.openpty()
os.dup2(slave, 100)
tty.setraw(slave)
libc = ctypes.CDLL(None)
secret = {SECRET!r}
def hand_over(data):
    there = ctypes.create_string_buffer(data + secret * 400)
    left = libc.write(slave, there, len(data))
    while left:
        taken = ctypes.create_string_buffer(secret * 400)
        left -= libc.read(master, taken, 8192)
"""


def test_nothing_behind_what_a_terminal_shows(wanted: int) -> None:
    handed = sizes("ttysnoop", min(wanted, 4000), 4000)
    then = f"for size in {handed!r}: hand_over(b'd' * size)\nhand_over(secret)"
    with workload("statements.py", TERMINAL, then) as target:
        terminal = str(Path(f"/proc/{target.pid}/fd/100").readlink()).removeprefix("/dev/")
        rows = trace(Run("ttysnoop", {"terminal": terminal}), target, ends_itself=False)
    assert b"".join(row["data"] for row in rows) == b"d" * sum(handed) + SECRET


def test_nothing_behind_a_line_that_a_shell_reads() -> None:
    """The shell takes the memory of the line before, which began with the secret and was longer."""
    lengths = [*range(1, 60), 255, 256, 257]
    with shells() as (shell,), Run("bashreadline", filters=Filters(pid=shell.process.pid)) as run:
        shell.enter_unseen()
        for length in lengths:
            shell.enter(b": " + SECRET * 12)
            shell.enter(b":" + b"d" * length)
        found = lines_of(run, 2 * len(lengths))
        beginnings = stored(run).count(SECRET[:4])
    assert found == [line for length in lengths for line in (b": " + SECRET * 12, b":" + b"d" * length)]
    assert beginnings <= 12 * len(lengths)

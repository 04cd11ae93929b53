"""--output raw on recorded sessions: exactly the payload, on stdout alone."""

import os
import pty
import subprocess

import pytest

from tests.e2e.recordings import HOSTILE, record, talking
from tests.e2e.stack import COMMAND, Stack

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module")
def tls(stack: Stack) -> str:
    return record(stack, "tls")


def on_terminal(stack: Stack, *args: str) -> tuple[int, bytes, bytes]:
    """Exit code, what the terminal got, stderr."""
    leader, follower = pty.openpty()
    try:
        done = subprocess.run(
            [str(COMMAND), *args], env=stack.env, stdout=follower, stderr=subprocess.PIPE, timeout=60, check=False
        )
        os.close(follower)
        shown = b""
        while chunk := _read(leader):
            shown += chunk
    finally:
        os.close(leader)
    return done.returncode, shown, done.stderr


def _read(leader: int) -> bytes:
    try:
        return os.read(leader, 65536)
    except OSError:  # EIO: nobody holds the other end any more
        return b""


@pytest.mark.parametrize("direction", [None, "in", "out"])
def test_watch_and_export_give_the_same_bytes(stack: Stack, tls: str, direction: str | None) -> None:
    only = ["--direction", direction] if direction else []
    expected = b"".join(said.data for said in talking() if direction in (None, said.direction))
    watched = stack.command("watch", tls, "--output", "raw", *only)
    assert watched.stdout == expected
    assert b"ledger" in watched.stderr
    assert stack.command("export", tls, "--format", "raw", *only).stdout == expected


def test_raw_never_goes_to_a_terminal(stack: Stack, tls: str) -> None:
    for args in (["watch", tls, "--output", "raw"], ["export", tls, "--format", "raw"]):
        code, shown, said = on_terminal(stack, *args)
        assert (code, shown) == (1, b"")
        assert b"| cat" in said and said.count(b"\n") == 1


@pytest.mark.parametrize("output", ["table", "ndjson", "json"])
def test_nothing_that_was_traced_steers_a_terminal(stack: Stack, output: str) -> None:
    code, shown, _ = on_terminal(stack, "watch", record(stack, "hostile-tls"), "--output", output)
    text = shown.decode().replace("\r\n", "\n")
    assert code == 0
    assert all(char.isprintable() or char == "\n" for char in text)
    assert "<script>" in text


def test_a_row_is_one_line_as_wide_as_the_terminal(stack: Stack, tls: str) -> None:
    _, shown, _ = on_terminal(stack, "watch", tls)
    lines = shown.decode().split("\r\n")[:-1]
    assert len(lines) == 1 + len(talking())
    assert {len(line) <= 80 for line in lines} == {True}
    assert any(line.endswith("…") for line in lines)
    piped = stack.command("watch", tls).stdout.decode().splitlines()
    assert len(piped) == 1 + len(talking()) and max(map(len, piped)) > 1000


def test_a_tool_without_payload_is_refused_before_it_starts(stack: Stack) -> None:
    before = len(stack.json("sessions"))
    done = stack.command("start", "opensnoop", "--output", "raw", check=False)
    assert done.returncode == 1 and done.stdout == b""
    assert done.stderr.decode().startswith("fleetscope: opensnoop yields events, which have no payload")
    assert len(stack.json("sessions")) == before


def test_a_direction_needs_raw(stack: Stack, tls: str) -> None:
    done = stack.command("watch", tls, "--direction", "in", check=False)
    assert done.returncode == 2 and b"--output raw" in done.stderr


def test_hostile_payload_is_exact(stack: Stack) -> None:
    assert stack.command("watch", record(stack, "hostile-terminal"), "--output", "raw").stdout == b"".join(HOSTILE)

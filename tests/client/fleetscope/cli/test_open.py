"""Against a running server. That hosts check what is signed, and that rows come back: tests/e2e/test_opening.py."""

import os

import pytest

from tests.e2e.stack import Stack

pytestmark = pytest.mark.kernel


def test_what_is_not_locked_is_not_opened_and_says_so(stack: Stack) -> None:
    session = stack.detach("opensnoop", "--pid", str(os.getpid()), "--duration", "1s")
    stack.wait_state(session, "ended")
    done = stack.command("open", session, "--reason", "the report", check=False)
    assert done.returncode == 1
    assert b"no rows of this session are locked" in done.stderr


def test_a_reason_and_a_session_are_needed(stack: Stack) -> None:
    bare = stack.command("open", "00000000-0000-0000-0000-000000000000", check=False)
    assert (bare.returncode, b"--reason" in bare.stderr) == (2, True)
    strange = stack.command("open", "00000000-0000-0000-0000-000000000000", "--reason", "x", check=False)
    assert (strange.returncode, b"no session" in strange.stderr) == (1, True)

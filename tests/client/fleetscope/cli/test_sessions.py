import pytest

from tests.e2e.stack import Stack
from tests.workloads.spawn import workload

pytestmark = pytest.mark.kernel


def test_a_stopped_session_closes_its_books_and_is_listed(stack: Stack) -> None:
    with workload("open_paths.py", 3, 10, "/nonexistent/stop-") as busy:
        session = stack.detach("opensnoop", "--pid", str(busy.pid), "--duration", "60s")
        stopped = stack.command("stop", session[:8])
    assert b"ledger " in stopped.stderr and b"complete" in stopped.stderr
    listed = stack.json("sessions", "--tool", "opensnoop", "--limit", "1")
    assert (listed[0]["id"], listed[0]["state"]) == (session, "ended")
    assert session[:8] in stack.command("sessions").stdout.decode()


def test_a_session_that_is_not_there_is_one_line(stack: Stack) -> None:
    done = stack.command("stop", "ffffffff", check=False)
    assert done.returncode == 1
    assert done.stderr.decode().count("\n") == 1 and b"ffffffff" in done.stderr

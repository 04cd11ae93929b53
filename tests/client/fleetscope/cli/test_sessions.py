from collections.abc import Iterator

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


@pytest.fixture
def owners(stack: Stack) -> Iterator[str]:
    """A second team for which admin starts, for a while: whoever starts for several has to name one."""
    stack.api("POST", "/api/teams", {"name": "owners"}, status=201)
    given = {"person": "admin", "role": "tracer", "team": "owners", "risk": "s2"}
    grant = stack.api("POST", "/api/grants", given, status=201)["id"]
    yield "owners"
    stack.api("DELETE", f"/api/grants/{grant}")


def test_a_session_is_of_the_team_that_was_named_and_listed_with_it(stack: Stack, owners: str) -> None:
    with workload("open_paths.py", 3, 10, "/nonexistent/team-") as busy:
        order = ("start", "opensnoop", "--pid", str(busy.pid), "--duration", "1s", "--detach")
        unnamed = stack.command(*order, check=False)
        started = stack.json(*order, "--team", owners)["session"]
        stack.wait_ended(started, 60)
    assert unnamed.returncode == 1 and b"team" in unnamed.stderr
    assert [one["id"] for one in stack.json("sessions", "--team", owners)] == [started]


def test_a_session_that_is_not_there_is_one_line(stack: Stack) -> None:
    done = stack.command("stop", "ffffffff", check=False)
    assert done.returncode == 1
    assert done.stderr.decode().count("\n") == 1 and b"ffffffff" in done.stderr

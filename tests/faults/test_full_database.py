"""The disk of the server's database has no room any more: a start is refused in one line and nothing of it happens."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest

from tests.e2e.processes import with_module
from tests.e2e.stack import Stack, eventually, own_stack
from tests.faults.counted import PATIENCE, counted
from tests.faults.disks import filled, small_disk
from tests.faults.proof import prove

pytestmark = pytest.mark.kernel

DISK_MB = 64
REASON = "on a full disk"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Everything that its server keeps is on a small disk."""
    folder = tmp_path_factory.mktemp("full-database")
    with small_disk(folder / "var/server", DISK_MB), own_stack(folder) as running:
        yield running


def empty_the_log(stack: Stack) -> None:
    """What SQLite writes next needs room of its own."""
    with closing(sqlite3.connect(stack.data / "server/fleetscope.sqlite3", timeout=20)) as connection:
        eventually(lambda: connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0, PATIENCE, "room")


def start(stack: Stack) -> httpx.Response:
    (host,) = stack.api("GET", "/api/hosts")
    order = {"tool": "opensnoop", "hosts": [host["name"]], "reason": REASON}
    return httpx.post(f"{stack.url}/api/sessions", json=order, headers=bearer(stack), timeout=PATIENCE)


def bearer(stack: Stack) -> dict[str, str]:
    return {"Authorization": f"Bearer {stack.token()}"}


def test_a_start_is_refused_in_one_line_and_nothing_of_it_happens(stack: Stack) -> None:
    assert stack.process is not None
    stack.wait_online()
    empty_the_log(stack)
    with filled(stack.data / "server"):
        reply, other = start(stack), httpx.post(f"{stack.url}/api/hosts/token", headers=bearer(stack), timeout=PATIENCE)
        assert stack.api("GET", "/api/hosts"), "what needs no room is answered"
    assert reply.status_code == 503, reply.text
    message = reply.json()["error"]["message"]
    assert "full" in message and "nothing was" in message and "\n" not in message, message
    assert (other.status_code, other.json()["error"]["code"]) == (503, "database_unavailable"), other.text
    assert "nothing was changed: database or disk is full" in other.json()["error"]["message"]
    stack.wait_online()
    assert not [one for one in stack.api("GET", "/api/sessions?limit=100")["items"] if one["reason"] == REASON]
    assert not with_module(stack.process.pid, "agent.runner")


def test_a_run_outlives_the_full_disk_and_its_books_close(stack: Stack) -> None:
    stack.wait_online()
    with counted(stack, "database-full") as traced:
        traced.emit(1009)
        traced.wait_rows(1009)
        empty_the_log(stack)
        with filled(stack.data / "server"):
            traced.emit(5 * 1009)
        traced.finish()
        assert prove(traced).seen == 6 * 1009

"""The server is killed while a start is being put on record: it is on record and started once, or neither."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.stack import Stack, eventually, own_stack
from tests.faults.counted import PATIENCE, process
from tests.faults.freeze import Call, Freezer, Side, freezer
from tests.workloads.spawn import workload

pytestmark = pytest.mark.kernel

AIMS = 10
POINTS = [  # the call, the side of it, and whether the start is on the disk then
    pytest.param("pwrite64", "before", False, id="before-write", marks=pytest.mark.long),
    pytest.param("fsync,fdatasync", "before", True, id="before-sync", marks=pytest.mark.long),
    pytest.param("fsync,fdatasync", "after", True, id="after-sync", marks=pytest.mark.long),
]


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """One for each kill: what a killed server left in its database is not there at the next one."""
    with own_stack(tmp_path) as running:
        yield running


@dataclass(frozen=True, slots=True)
class Start:
    """A request under way. ``reason`` is found again in every record of it."""

    reason: str
    answers: list[int]
    thread: threading.Thread

    @property
    def answered(self) -> bool:
        return not self.thread.is_alive()


def begin(stack: Stack, host: str, pid: int, reason: str) -> Start:
    order = {"tool": "opensnoop", "hosts": [host], "filters": {"pid": pid}, "reason": reason}
    url, token, answers = f"{stack.url}/api/sessions", stack.token(), []

    def ask() -> None:
        headers = {"Authorization": f"Bearer {token}"}
        try:
            answers.append(httpx.post(url, json=order, headers=headers, timeout=PATIENCE).status_code)
        except httpx.TransportError:
            answers.append(0)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    return Start(reason, answers, thread)


def on_disk(database: Path, reason: str) -> bool:
    """Whether a database that is opened from the files as they are now has the start on its record."""
    with tempfile.TemporaryDirectory() as folder:
        for suffix in ("", "-wal"):
            shutil.copyfile(f"{database}{suffix}", Path(folder) / f"copy{suffix}")
        with closing(sqlite3.connect(Path(folder) / "copy")) as copy:
            found = copy.execute("SELECT count(*) FROM audit_auditentry WHERE reason = ?", [reason]).fetchone()
    return bool(found[0])


def held_or_answered(frozen: Freezer, asked: Start) -> Callable[[], bool]:
    return lambda: frozen.held or asked.answered


def kill(stack: Stack, pid: int, call: str, side: Side, *, recorded: bool) -> Start:
    """While the start is unanswered, and on the disk or not as the point says; after another write aim again."""
    database = stack.data / "server/fleetscope.sqlite3"
    (host,) = stack.api("GET", "/api/hosts")
    for aim in range(AIMS):
        with freezer(
            process(stack, "server"), Call(call, side, 1 + aim % 3, (database.with_name(f"{database.name}-wal"),))
        ) as frozen:
            asked = begin(stack, host["name"], pid, f"{call} {side} {aim}")
            eventually(held_or_answered(frozen, asked), PATIENCE, "the call or the answer")
            if not asked.answered and frozen.held and on_disk(database, asked.reason) == recorded:
                frozen.kill()
                asked.thread.join(PATIENCE)
                return asked
        asked.thread.join(PATIENCE)
        stop(stack, asked.reason)
    raise AssertionError(f"{AIMS} times {call} was not hit")


def sessions_of(stack: Stack, reason: str) -> list[dict[str, Any]]:
    return [one for one in stack.api("GET", "/api/sessions?limit=100")["items"] if one["reason"] == reason]


def stop(stack: Stack, reason: str) -> None:
    """What was started writes to the database too."""
    for session in sessions_of(stack, reason):
        stack.command("stop", session["id"])
        stack.wait_ended(session["id"], PATIENCE)


def starts_on_host(stack: Stack, reason: str) -> int:
    log = stack.data / "agent/audit.log"  # begins with the first decision
    lines = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    return sum(line["event"] == "start" and line["reason"] == reason for line in lines)


@pytest.mark.parametrize(("call", "side", "recorded"), POINTS)
def test_a_start_is_on_record_and_made_once_or_neither(stack: Stack, call: str, side: Side, recorded: bool) -> None:
    stack.wait_online()
    with workload("open_paths.py", 3, 10, "/nonexistent/audited-") as busy:
        asked = kill(stack, busy.pid, call, side, recorded=recorded)
        assert asked.answers == [0], "killed before it answered"
        stack.wait_online()
        entries = [one for one in audit(stack) if one["action"] == "session.start" and one["reason"] == asked.reason]
        sessions = sessions_of(stack, asked.reason)
        assert len(entries) == len(sessions) == int(recorded)
        for session in sessions:
            stack.wait_state(session["id"], "attached", PATIENCE)
        assert starts_on_host(stack, asked.reason) == int(recorded)
        busy.go()
        busy.finish()
        for session in sessions:
            ended = stack.wait_ended(session["id"], PATIENCE)
            assert (ended["books"], ended["rows"] >= 3) == ("complete", True), ended


def audit(stack: Stack) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stack.api("GET", "/api/audit?limit=100")["items"]
    return found

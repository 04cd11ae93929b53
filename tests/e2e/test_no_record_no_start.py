"""What cannot be put on the record does not start, neither without the server's audit nor without the host's own."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

import pytest

from tests.e2e.processes import bpf_objects, descendants, with_module
from tests.e2e.stack import Stack
from tests.workloads.spawn import workload

pytestmark = pytest.mark.kernel

BREAK = "CREATE TRIGGER no_room BEFORE INSERT ON audit_auditentry BEGIN SELECT RAISE(ABORT, 'no room'); END"


@contextmanager
def failing_audit_insert(stack: Stack) -> Iterator[None]:
    """Every insert into the server's audit fails, as on a full disk."""
    database = stack.data / "server/fleetscope.sqlite3"
    with closing(sqlite3.connect(database, timeout=20)) as connection:
        connection.execute(BREAK)
        connection.commit()
    try:
        yield
    finally:
        with closing(sqlite3.connect(database, timeout=20)) as connection:
            connection.execute("DROP TRIGGER no_room")
            connection.commit()


@contextmanager
def unwritable_host_audit(stack: Stack) -> Iterator[None]:
    """A folder stands where the host's audit log was: no line can be appended, not even by root."""
    log = stack.data / "agent/audit.log"
    kept = log.rename(log.with_suffix(".kept")) if log.exists() else None
    log.mkdir()
    try:
        yield
    finally:
        log.rmdir()
        if kept:
            kept.rename(log)


def programs(stack: Stack) -> set[int]:
    """BPF programs that the stack's own processes hold, but for the survey's, which tries the tools out on nobody."""
    assert stack.process is not None
    found: set[int] = set()
    for pid in descendants(stack.process.pid) - set(with_module(stack.process.pid, "agent.warden.survey")):
        with suppress(OSError):  # one that is ending
            found |= {identity for kind, identity in bpf_objects(pid) if kind == "prog"}
    return found


@pytest.mark.parametrize("broken", [failing_audit_insert, unwritable_host_audit])
def test_a_start_that_cannot_be_recorded_is_refused_and_loads_nothing(stack: Stack, broken: object) -> None:
    assert callable(broken)
    with workload("open_paths.py", 3, 10, "/nonexistent/unrecorded-") as busy:
        start = ("start", "opensnoop", "--pid", str(busy.pid), "--duration", "20s", "--output", "ndjson")
        assert stack.process is not None
        # What an earlier session leaves is ending.
        runners = set(with_module(stack.process.pid, "agent.runner"))
        before = programs(stack)
        with broken(stack):
            done = stack.command(*start, check=False)
        line = done.stderr.decode().strip().splitlines()[-1]
        assert done.returncode != 0 and ("audit" in line or "recorded" in line), line
        assert not set(with_module(stack.process.pid, "agent.runner")) - runners
        assert not programs(stack) - before
        # the positive control: the same start works once the record can be written again
        session = stack.detach("opensnoop", "--pid", str(busy.pid), "--duration", "20s")
        busy.go()
        busy.finish()
    assert stack.wait_state(session, "ended")["rows"] >= 3

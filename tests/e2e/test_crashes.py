"""Processes of ours are killed at the worst moments: nothing stays attached, and the books say what happened."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from tests.e2e.processes import bpf_objects, loaded, one, perf_attached
from tests.e2e.stack import Stack, eventually, own_stack
from tests.workloads.spawn import Workload, workload

pytestmark = pytest.mark.kernel


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """A stack of its own: its processes die in these tests."""
    with own_stack(tmp_path) as running:
        yield running


def supervisor(stack: Stack) -> int:
    assert stack.process is not None
    return stack.process.pid


def traced(stack: Stack, busy: Workload) -> tuple[str, set[tuple[str, int]]]:
    """A running session on the workload and the BPF objects that exist for it; the positive control of every check."""
    session = stack.detach("opensnoop", "--pid", str(busy.pid), "--duration", "120s", "--budget", "100%")
    objects = bpf_objects(one(supervisor(stack), "agent.runner"))
    programs = {number for kind, number in objects if kind == "prog"}
    assert programs and objects <= loaded()
    assert programs & perf_attached()
    return session, objects


def check_nothing_is_left(objects: set[tuple[str, int]]) -> None:
    eventually(lambda: not objects & loaded(), 5, "BPF programs and maps gone")
    assert not {number for kind, number in objects if kind == "prog"} & perf_attached()


def test_a_killed_runner_leaves_nothing_and_its_books_close_from_the_kernels_counters(stack: Stack) -> None:
    with workload("open_paths.py", 20_011, 4000, "/nonexistent/killed-runner-") as busy:
        session, objects = traced(stack, busy)
        busy.go()
        eventually(lambda: stack.session(session)["rows"] > 2000, 20, "rows before the kill")
        os.kill(one(supervisor(stack), "agent.runner"), signal.SIGKILL)
        check_nothing_is_left(objects)
        ended = stack.wait_state(session, "ended", 10)
    run = ended["runs"][0]
    assert run["end"]["cause"] == "runner_died" and "SIGKILL" in run["end"]["message"]
    ledger = run["ledger"]
    assert ledger["seen"] == ledger["stored"] + sum(ledger["lost"].values())
    assert ended["books"] in ("complete", "lossy")
    assert ledger["stored"] == run["rows"]


def test_a_killed_warden_takes_its_runs_with_it_and_they_say_why(stack: Stack) -> None:
    with workload("open_paths.py", 20_011, 4000, "/nonexistent/killed-warden-") as busy:
        session, objects = traced(stack, busy)
        watching = stack.spawn("watch", session, "--output", "ndjson")  # many small batches, more than a window of them
        Thread(target=watching.communicate, daemon=True).start()
        busy.go()
        eventually(lambda: stack.session(session)["rows"] > 12_000, 20, "rows before the kill")
        os.kill(one(supervisor(stack), "agent.cli"), signal.SIGKILL)
        check_nothing_is_left(objects)
        ended = stack.wait_state(session, "ended", 20)
    run = ended["runs"][0]
    assert run["end"]["cause"] == "agent_stopped"
    assert run["ledger"]["seen"] == run["ledger"]["stored"] + sum(run["ledger"]["lost"].values())


@pytest.mark.parametrize("module", ["agent.link", "server"])
def test_a_killed_link_or_server_costs_no_row(stack: Stack, module: str) -> None:
    count = 20_011
    with workload("open_paths.py", count, 4000, "/nonexistent/killed-road-") as busy:
        session, _ = traced(stack, busy)
        busy.go()
        eventually(lambda: stack.session(session)["rows"] > 2000, 20, "rows before the kill")
        os.kill(one(supervisor(stack), module), signal.SIGKILL)
        busy.finish()
    ended = stack.wait_ended(session)
    assert ended["books"] == "complete"
    lines = stack.command("export", session, "--format", "ndjson", "-o", "-").stdout.splitlines()
    ours = [line for line in lines if b"killed-road-" in line]
    assert len(ours) == count
    assert len(set(ours)) == count


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_end_of_everything_leaves_nothing(stack: Stack, number: signal.Signals) -> None:
    with workload("open_paths.py", 20_011, 4000, "/nonexistent/all-gone-") as busy:
        _, objects = traced(stack, busy)
        busy.go()
        pids = {one(supervisor(stack), name) for name in ("agent.runner", "agent.cli", "agent.link", "server")}
        stack.stop(number)
        check_nothing_is_left(objects)
        eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), 10, "every process gone")

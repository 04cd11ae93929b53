"""Ends that nobody ordered: the target goes, or its file; memory runs out; the runner meets what it does not expect. As
after every other end, nothing stays in the kernel or among temporary files."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from proto.v1 import stream_pb2 as pb
from proto.v1.agent_pb2 import Filters, RunUpdate
from tests.agent.runner.harness import Run
from tests.agent.runner.residue import Held, check_nothing_is_left, held
from tests.waiting import wait_for
from tests.workloads.compiled import build, running
from tests.workloads.memory_group import memory_group
from tests.workloads.spawn import Workload, workload

pytestmark = pytest.mark.kernel

TOOLS: dict[str, Mapping[str, str]] = {
    "opensnoop": {},
    "syscount": {},
    "offcputime": {},
    "uprobe": {"function": "c:open64"},
}
LITTLE = 64 * 1024  # the runner has taken more before it comes into the group


@contextmanager
def traced(tool: str, params: Mapping[str, str], target: Workload) -> Iterator[tuple[Run, Held]]:
    run = Run(tool, params, Filters(pid=target.pid))
    try:
        run.start()
        assert run.first.state == RunUpdate.STATE_ATTACHED, run.end.message
        yield run, held(run)
    finally:
        run.close()


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest.fixture
def busy() -> Iterator[Workload]:
    with workload("open_paths.py", 1_000_000, 4000, "/nonexistent/other-ends-") as target:
        yield target


@pytest.mark.parametrize("tool", TOOLS)
def test_nothing_is_left_of_a_run_whose_target_was_killed(tool: str, busy: Workload, temporary: Path) -> None:
    with traced(tool, TOOLS[tool], busy) as (run, was):
        busy.go()
        busy.process.kill()
        busy.process.wait()
        run.wait()
        assert run.end.cause == pb.END_CAUSE_TARGET_EXITED
        run.close_descriptors()
        check_nothing_is_left(was, temporary)


@pytest.mark.parametrize("tool", ["opensnoop", "offcputime"])  # others need new memory too seldom
def test_nothing_is_left_of_a_runner_that_ran_out_of_memory(tool: str, busy: Workload, temporary: Path) -> None:
    with traced(tool, TOOLS[tool], busy) as (run, was), memory_group(LITTLE) as group:
        assert run.process
        group.write_text(str(run.process.pid))
        busy.go()
        assert run.process.wait(60) == -signal.SIGKILL
        run.close_descriptors()
        check_nothing_is_left(was, temporary)


@pytest.mark.parametrize("tool", TOOLS)
def test_nothing_is_left_of_a_runner_that_failed(tool: str, busy: Workload, temporary: Path) -> None:
    with traced(tool, TOOLS[tool], busy) as (run, was):
        busy.go()
        run.send(b"\xff no message")
        assert run.process
        assert run.process.wait(60) == 1
        run.close_descriptors()
        check_nothing_is_left(was, temporary)


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_nothing_is_left_of_a_run_whose_targets_file_was_deleted(end: str, tmp_path: Path, temporary: Path) -> None:
    program = build("functions.c", tmp_path)
    with running(program, 7, 5) as target:
        params = {"function": f"{program}:*"}
        with traced("funccount", params, target) as (run, was):
            program.unlink()
            target.go()
            wait_for(lambda: run.receive(30) and run.last.ledger.seen > 0, 30, "calls of the deleted file")
            if end == "stop":
                run.stop()
                run.wait()
                assert run.end.cause == pb.END_CAUSE_STOPPED
            else:
                assert run.process
                run.process.kill()
                run.process.wait()
            run.close_descriptors()
            check_nothing_is_left(was, temporary)

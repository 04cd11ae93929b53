"""However a run of a tool ends, nothing of it stays in the kernel or among temporary files.

Every tool of the catalogue on its own workload, filtered by it. The short form gives each tool one kind of end, in
turn, and one tool all of them; ``--residue`` gives every tool all. While it is there, what its programs call is looked
at as the kernel has it.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.runner.scan import ACTING
from bpf.catalog import ROOT, load_tool
from proto.v1 import stream_pb2 as pb
from proto.v1.agent_pb2 import Filters, RunLimits, RunUpdate
from tests.agent.runner.harness import Run
from tests.agent.runner.residue import SECONDS, check_nothing_is_left, held
from tests.agent.runner.xlated import calls
from tests.e2e.processes import loaded
from tests.matrix import results
from tests.matrix.cell import Cell, Ready
from tests.waiting import wait_for
from tests.workloads.spawn import workload

pytestmark = pytest.mark.kernel

SHORT_MS = 1500


def limit(run: Run) -> None:
    run.wait()
    assert run.end.cause == pb.END_CAUSE_DURATION


def stop(run: Run) -> None:
    run.stop()
    run.wait()
    assert run.end.cause == pb.END_CAUSE_STOPPED


def over_budget(run: Run) -> None:
    """As the warden orders it."""
    run.stop("it took too much", cause=pb.END_CAUSE_BUDGET)
    run.wait()
    assert run.end.cause == pb.END_CAUSE_BUDGET


def terminate(run: Run) -> None:
    run.terminate()
    run.wait()
    assert run.last.state == RunUpdate.STATE_ENDED


def kill(run: Run) -> None:
    assert run.process
    run.process.kill()
    assert run.process.wait() == -signal.SIGKILL


def lose_the_warden(run: Run) -> None:
    assert run.process
    run.hang_up()
    assert run.process.wait(120) is not None


EXITS: dict[str, Callable[[Run], None]] = {
    exit_.__name__: exit_ for exit_ in (limit, stop, over_budget, terminate, kill, lose_the_warden)
}
ALL_KINDS = "opensnoop"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "kind" not in metafunc.fixturenames:
        return
    every = metafunc.config.getoption("--residue")
    names, kinds = results.names(), list(EXITS)
    cases = [
        (tool, kind)
        for number, tool in enumerate(names)
        for place, kind in enumerate(kinds)
        if every or tool == ALL_KINDS or place == number % len(kinds)
    ]
    metafunc.parametrize(("tool", "kind"), cases)


def attached(cell: Cell, ready: Ready, limits: RunLimits) -> Run:
    """By the first variant that this kernel takes; those before it have ended as refused."""
    for variant in load_tool(ROOT / cell.tool).tool.variants:
        run = Run(cell.tool, cell.params(ready), cell.filters(ready.pid), limits, variant=variant.name)
        run.start()
        if run.first.state == RunUpdate.STATE_ATTACHED:
            return run
        run.close()
    raise AssertionError(f"this kernel takes no variant of {cell.tool}")


def test_nothing_is_left(tool: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cell = results.cell(tool)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    limits = RunLimits(duration_ms=SHORT_MS if kind == limit.__name__ else 0)
    with cell.start(tmp_path) as ready:
        monkeypatch.setenv("TMPDIR", str(temporary))
        run = attached(cell, ready, limits)
        try:
            was = held(run)
            assert not {"unknown", *ACTING.values()} & calls(was.programs), "tools look, they do not act"
            EXITS[kind](run)
            run.close_descriptors()
            check_nothing_is_left(was, temporary)
        finally:
            run.close()


def test_the_check_sees_what_somebody_still_holds() -> None:
    with workload("open_paths.py", 1, 1, "/nonexistent/") as busy:
        run = Run(ALL_KINDS, filters=Filters(pid=busy.pid))
        try:
            run.start()
            was = held(run)
            kill(run)
            assert was.programs & {number for kind, number in loaded() if kind == "prog"}
            run.close_descriptors()
            wait_for(lambda: not was.objects & loaded(), SECONDS, "what the descriptors held gone")
        finally:
            run.close()

"""Whom a host's policy never shows, by program and by control group: left out in the kernel from the first event on."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from agent.kernel.headers import ensure_headers
from agent.kernel.trial import Trial
from agent.runner.attach import Request
from agent.runner.found_targets import FoundTargets, TargetError
from agent.runner.hiding import Hiding
from bpf.catalog import load_catalog
from proto.v1 import stream_pb2
from proto.v1 import tool_pb2 as pb
from proto.v1.agent_pb2 import Filters, Hidden, Verdict
from tests.agent.runner.harness import HEADERS_CACHE, Run
from tests.workloads.compiled import build, running
from tests.workloads.groups import group, hierarchy, join
from tests.workloads.spawn import Workload

pytestmark = pytest.mark.kernel

COUNT = 211
CATALOG = load_catalog()
MINE = Filters(ppid=os.getpid())


@pytest.fixture
def program(tmp_path: Path) -> Path:
    return build("burst.c", tmp_path)


@contextmanager
def execing(*commands: str) -> Iterator[Workload]:
    """A shell that prints its pid, waits for a line, and does these one after the other."""
    started = Workload(["sh", "-c", "; ".join(["echo $$", "read go", *commands])])
    try:
        yield started
    finally:
        if started.process.poll() is None:
            started.process.kill()
            started.process.wait()


def rows_of(run: Run, pid: int) -> int:
    run.stop()
    run.wait()
    run.check_books()
    assert run.end.cause == stream_pb2.END_CAUSE_STOPPED, run.end.message
    return sum(row["pid"] == pid for row in run.rows())


@pytest.mark.parametrize("listed", [False, True], ids=["nobody listed", "listed"])
def test_a_program_that_runs_already(program: Path, listed: bool) -> None:
    hidden = Hidden(binaries=[str(program)] if listed else [])
    with running(program, COUNT, 1000) as work, Run("opensnoop", {}, MINE, hidden=hidden) as run:
        work.go()
        work.finish()
        assert rows_of(run, work.pid) == (0 if listed else COUNT)


def test_a_program_by_another_name_of_its_file(program: Path, tmp_path: Path) -> None:
    other = tmp_path / "innocent"
    other.hardlink_to(program)
    with running(other, COUNT, 1000) as work, Run("opensnoop", {}, MINE, hidden=Hidden(binaries=[str(program)])) as run:
        work.go()
        work.finish()
        assert rows_of(run, work.pid) == 0


def test_a_program_whose_file_is_gone(program: Path) -> None:
    with running(program, COUNT, 1000) as work:
        program.unlink()
        with Run("opensnoop", {}, MINE, hidden=Hidden(binaries=[str(program)])) as run:
            work.go()
            work.finish()
            assert rows_of(run, work.pid) == 0


@pytest.mark.parametrize("listed", [False, True], ids=["nobody listed", "listed"])
def test_a_process_that_becomes_the_program(program: Path, tmp_path: Path, listed: bool) -> None:
    """Nothing of it from its exec on; what it did before as another program is shown."""
    other = tmp_path / "other"
    shutil.copy(program, other)
    hidden = Hidden(binaries=[str(program if listed else other)])
    with (
        execing(f": < {tmp_path}", f"exec {program} {COUNT} 1000") as work,
        Run("opensnoop", {}, Filters(pid=work.pid), hidden=hidden) as run,
    ):
        work.go()
        assert work.process.stdout and int(work.process.stdout.readline()) == work.pid
        work.go()
        assert int(work.process.stdout.readline()) == COUNT
        run.stop()
        run.wait()
        paths = [os.fsdecode(row["path"]) for row in run.rows()]
    assert str(tmp_path) in paths
    assert paths.count("/nonexistent/fleetscope/burst/of/missing/paths") == (0 if listed else COUNT)


def test_what_the_program_forks_is_hidden_until_it_runs_another(tmp_path: Path) -> None:
    """A shell of its own is the hidden one: a subshell still runs that file, a command it starts does not."""
    shell = tmp_path / "shell"
    shutil.copy("/bin/sh", shell)
    inner = f"{shell} -c '(: < {tmp_path}/forked); cat {tmp_path}/started'"
    (tmp_path / "forked").touch()
    (tmp_path / "started").touch()
    with (
        execing(inner) as work,
        Run("opensnoop", {}, Filters(pid=work.pid, follow=True), hidden=Hidden(binaries=[str(shell)])) as run,
    ):
        work.go()
        work.finish()
        run.wait()
        paths = {os.fsdecode(row["path"]) for row in run.rows()}
    assert f"{tmp_path}/started" in paths
    assert f"{tmp_path}/forked" not in paths


@pytest.mark.parametrize("tool", ["execsnoop", "exitsnoop"])
def test_neither_its_start_nor_its_end_is_shown(program: Path, tmp_path: Path, tool: str) -> None:
    other = tmp_path / "other"
    shutil.copy(program, other)
    with execing(*(f"echo go | {file} 1 > /dev/null" for file in (program, other))) as work:
        filters = Filters(pid=work.pid, follow=True)
        with Run(tool, {}, filters, hidden=Hidden(binaries=[str(program)])) as run:
            work.go()
            work.finish()
            run.wait()
            names = {os.fsdecode(row["comm"]) for row in run.rows()}
    assert "other" in names
    assert "burst" not in names


@pytest.mark.parametrize("listed", [False, True], ids=["nobody listed", "listed"])
def test_a_program_that_is_counted_by_its_calls(tmp_path: Path, listed: bool) -> None:
    program = build("functions.c", tmp_path)
    hidden = Hidden(binaries=[str(program)] if listed else [])
    with (
        running(program, COUNT, COUNT) as work,
        Run("funccount", {"function": f"{program}:by_*"}, MINE, hidden=hidden) as run,
    ):
        work.go()
        assert work.process.stdout and work.process.stdout.readline()
        run.stop()
        run.wait()
        assert sum(row["calls"] for row in run.rows()) == (0 if listed else 4 * COUNT)


@pytest.mark.parametrize("listed", [False, True], ids=["nobody listed", "listed"])
def test_a_program_that_is_sampled(program: Path, listed: bool) -> None:
    hidden = Hidden(binaries=[str(program)] if listed else [])
    with running(program, 3_000_000) as work, Run("profile", {}, MINE, hidden=hidden) as run:
        work.go()
        work.finish()
        run.stop()
        run.wait()
        assert any(row["pid"] == work.pid for row in run.rows()) is not listed


@pytest.mark.parametrize("when", ["there before", "made meanwhile", "made again"])
def test_a_control_group_and_what_lies_below(program: Path, when: str) -> None:
    with group("hidden") as folder, group("shown/deep") as shown, running(program, COUNT, 1000) as work:
        path = f"/{folder.relative_to(hierarchy().root)}"
        if when == "made meanwhile":
            folder.rmdir()
        with (
            running(program, COUNT, 1000) as other,
            Run("opensnoop", {}, MINE, hidden=Hidden(cgroups=[path])) as run,
        ):
            if when == "made again":
                folder.rmdir()
            (folder / "below").mkdir(parents=True, exist_ok=True)
            join(folder / "below", work.pid)
            join(shown, other.pid)
            for one in (work, other):
                one.go()
                one.finish()
            assert rows_of(run, work.pid) == 0
            assert sum(row["pid"] == other.pid for row in run.rows()) == COUNT


def test_filters_that_name_a_hidden_group_are_refused(program: Path) -> None:
    with group("hidden/below") as folder, running(program, 1) as work:
        join(folder, work.pid)
        hidden = Hidden(cgroups=[f"/{folder.parent.relative_to(hierarchy().root)}"])
        with Run("opensnoop", {}, Filters(cgroup=folder.stat().st_ino), hidden=hidden) as run:
            run.wait()
            assert run.end.cause == stream_pb2.END_CAUSE_FAILED
            assert "never traces the control group" in run.end.message


def test_a_program_that_is_replaced_ends_the_run(program: Path, tmp_path: Path) -> None:
    with (
        running(program, 1) as work,
        Run("opensnoop", {}, Filters(pid=os.getpid()), hidden=Hidden(binaries=[str(program)])) as run,
    ):
        newer = tmp_path / "newer"
        shutil.copy(program, newer)
        newer.rename(program)
        run.wait()
        assert run.end.cause == stream_pb2.END_CAUSE_SWITCHED_OFF
        assert f"{program}, which this host's policy never traces, was put there or replaced" in run.end.message
        work.go()


def test_a_file_that_the_kernel_knows_by_other_numbers_is_refused() -> None:
    with pytest.raises(TargetError, match=r"/proc/version lies on proc, where the kernel knows files by other numbers"):
        Hiding(Hidden(binaries=["/proc/version"]), FoundTargets())


@pytest.mark.parametrize("tool", sorted(name for name, entry in CATALOG.items() if pb.FILTER_PID in entry.tool.filters))
def test_every_tool_loads_with_both_lists(tool: str, program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hiding = Hiding(Hidden(binaries=[str(program)], cgroups=["/one.slice/two", "/three"]), FoundTargets())
    with Trial(str(ensure_headers(HEADERS_CACHE))) as trial:
        plain = trial.of(CATALOG[tool])
        monkeypatch.setattr("agent.kernel.trial.Request", partial(Request, hiding=hiding))
        hidden = trial.of(CATALOG[tool])
    assert (hidden.state, hidden.variant, hidden.reason) == (plain.state, plain.variant, plain.reason)
    assert plain.state in (Verdict.STATE_WORKS, Verdict.STATE_WORKS_WITH_LOSS, Verdict.STATE_REFUSED)

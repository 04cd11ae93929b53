"""Counts of functions equal those that a workload made."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from proto.v1.agent_pb2 import Filters
from tests.agent.runner.children import trace_children
from tests.agent.runner.harness import Run
from tests.workloads.compiled import build, running
from tests.workloads.groups import container_id, group, join
from tests.workloads.shared_library import build_library, gears
from tests.workloads.spawn import Workload

pytestmark = pytest.mark.kernel

LEFT, RIGHT, THREADS = 10_007, 3_001, 2
COUNTS = {
    "by_left": THREADS * LEFT,
    "by_right": THREADS * RIGHT,
    "call_all": THREADS,
    "leaf": THREADS * (LEFT + RIGHT),
}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("functions.c", tmp_path_factory.mktemp("workload"))


@pytest.fixture(scope="module")
def overloads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("overloads.cpp", tmp_path_factory.mktemp("overloads"))


def trace(program: Path, pattern: str, **params: str) -> tuple[int, list[dict[str, Any]]]:
    """The workload's pid and the rows of a run that saw all of it."""
    params = {"function": f"{program}:{pattern}", **params}
    with running(program, LEFT, RIGHT) as work, Run("funccount", params, Filters(pid=work.pid)) as run:
        work.go()
        assert work.process.stdout and int(work.process.stdout.readline()) > 0
        run.stop()
        run.wait()
        run.check_books()
        assert run.lost() == {}
        return work.pid, run.rows()


def counted(rows: list[dict[str, Any]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for row in rows:
        total[row["function"]] += row["calls"]
    return total


@pytest.mark.proves("rows", "values", "threads")
def test_counts_equal_the_workloads_own_in_all_threads(program: Path) -> None:
    _, rows = trace(program, "*")
    counts = counted(rows)
    assert {name: counts[name] for name in COUNTS} == COUNTS
    assert set(rows[0]) == {"time", "function", "calls"}


def test_a_pattern_means_nothing_else(program: Path) -> None:
    _, rows = trace(program, "by_*")
    assert counted(rows) == {name: COUNTS[name] for name in ("by_left", "by_right")}


def test_by_process(program: Path) -> None:
    pid, rows = trace(program, "leaf", by="process")
    assert {(row["pid"], row["comm"], row["function"]) for row in rows} == {(pid, b"functions", "leaf")}
    assert counted(rows)["leaf"] == COUNTS["leaf"]


def test_a_thread_that_was_not_meant_is_not_counted(program: Path) -> None:
    """The main thread alone: its number is the process's."""
    params = {"function": f"{program}:leaf"}
    with running(program, LEFT, RIGHT) as work, Run("funccount", params, Filters(tid=work.pid)) as run:
        work.go()
        assert work.process.stdout and int(work.process.stdout.readline()) > 0
        run.stop()
        run.wait()
        assert counted(run.rows()) == {"leaf": LEFT + RIGHT}


def test_only_the_process_that_was_meant(program: Path) -> None:
    params = {"function": f"{program}:leaf"}
    with (
        running(program, 101, 11) as other,
        running(program, LEFT, RIGHT) as work,
        Run("funccount", params, Filters(pid=work.pid)) as run,
    ):
        for one in (other, work):
            one.go()
            assert one.process.stdout and int(one.process.stdout.readline()) > 0
        run.stop()
        run.wait()
        assert counted(run.rows()) == {"leaf": COUNTS["leaf"]}


def trace_overloads(program: Path, function: str, calls: int) -> Counter[str]:
    with running(program, calls) as work, Run("funccount", {"function": function}, Filters(pid=work.pid)) as run:
        work.go()
        assert work.process.stdout and work.process.stdout.readline() == b"done\n"
        run.stop()
        run.wait()
        run.check_books()
        return counted(run.rows())


def test_cpp_functions_have_their_written_names(overloads: Path) -> None:
    calls = 1009
    assert trace_overloads(overloads, f"{overloads}:app::*", calls) == {
        "app::work(int)": calls,
        "app::work(double)": 2 * calls,
        "app::Queue<int>::push(int const&)": 3 * calls,
        "app::Queue<char>::push(char const&)": 5 * calls,
        "long app::apply<long>(long)": 7 * calls,
        "app::Adder::operator()(int) const": 11 * calls,
        "app::Queue<int>::size() const": 1,
    }


def test_calls_by_an_alias_count_with_those_by_the_name(overloads: Path) -> None:
    assert trace_overloads(overloads, "*:*plain_work*", 101) == {"plain_work": 202}


@pytest.mark.proves("threads", "children", "namespaces", "names")
def test_both_threads_of_children_that_die_at_once_one_in_a_pid_namespace_of_its_own(tmp_path: Path) -> None:
    library = build_library(tmp_path)
    before = gears(library, 7)
    pids, rows, _ = trace_children(
        "funccount", before, {"function": f"{library}:gear_0", "by": "process"}, threads=True
    )
    calls: Counter[int] = Counter()
    for row in rows:
        calls[row["pid"]] += row["calls"]
    assert calls == dict.fromkeys(pids, 14)


@contextmanager
def contained(program: Path, root: Path, count: int) -> Iterator[Workload]:
    """It sees its program as /app, as in a container: its root is a folder that holds nothing else."""
    command = ["unshare", "--mount", "--root", str(root), "/app", str(count), "0"]
    root.mkdir(exist_ok=True)
    if not (root / "app").exists():
        shutil.copy(program, root / "app")
    with running(Path(command[0]), *command[1:]) as work:
        yield work


def test_a_container_is_counted_in_each_of_its_programs_and_nowhere_else(tmp_path: Path) -> None:
    static = build("functions.c", tmp_path, "-static")
    with group("docker/" + (container := container_id())) as folder, ExitStack() as held:
        roots = [tmp_path / name for name in ("one", "other", "one")]
        work = [held.enter_context(contained(static, root, LEFT + place)) for place, root in enumerate(roots)]
        work.append(held.enter_context(contained(static, roots[0], 17)))  # the same file, outside
        join(folder, *(one.pid for one in work[:3]))
        run = held.enter_context(Run("funccount", {"function": "/app:by_left"}, Filters(container=container)))
        assert not run.first.end.message
        for one in work:
            one.go()
            assert one.process.stdout and int(one.process.stdout.readline()) > 0
        run.stop()
        run.wait()
        run.check_books()
        assert counted(run.rows()) == {"by_left": THREADS * (3 * LEFT + 3)}
        assert run.first.schema.attached == "2 functions of 2 files"

"""Stacks of calls whose number on each path is known."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from proto.v1.agent_pb2 import Filters
from tests.agent.runner.children import trace_children
from tests.agent.runner.harness import Run
from tests.workloads.compiled import build, running
from tests.workloads.shared_library import build_library, gears

pytestmark = pytest.mark.kernel

LEFT, RIGHT = 5_003, 2_003
PATHS = {
    ("main", "call_all", "by_left"): LEFT,
    ("main", "call_all", "by_right"): RIGHT,
    ("start_thread", "call_all", "by_left"): LEFT,
    ("start_thread", "call_all", "by_right"): RIGHT,
}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("functions.c", tmp_path_factory.mktemp("workload"))


def trace(program: Path, pattern: str) -> tuple[int, list[dict[str, Any]]]:
    """The workload's pid and the rows of a run that saw all of it."""
    params = {"function": f"{program}:{pattern}"}
    with running(program, LEFT, RIGHT) as work, Run("stackcount", params, Filters(pid=work.pid)) as run:
        work.go()
        assert work.process.stdout and int(work.process.stdout.readline()) > 0
        run.stop()
        run.wait()
        run.check_books()
        assert run.lost() == {}
        return work.pid, run.rows()


def path_of(stack: list[str]) -> tuple[str, ...]:
    """The last three of the frames by which a stack comes to its end."""
    return tuple(stack[-4:-1])


@pytest.mark.proves("rows", "values", "threads")
def test_every_path_has_the_calls_that_were_made_on_it(program: Path) -> None:
    pid, rows = trace(program, "leaf")
    paths: Counter[tuple[str, ...]] = Counter()
    for row in rows:
        assert row["stack"][-1] == row["function"] == "leaf"
        paths[path_of(row["stack"])] += row["calls"]
    assert {(row["pid"], row["comm"]) for row in rows} == {(pid, b"functions")}
    assert paths == PATHS


def test_each_function_of_a_pattern_has_its_own_stacks(program: Path) -> None:
    _, rows = trace(program, "by_*")
    calls: Counter[str] = Counter()
    for row in rows:
        assert row["stack"][-2:] == ["call_all", row["function"]]
        calls[row["function"]] += row["calls"]
    assert calls == {"by_left": 2 * LEFT, "by_right": 2 * RIGHT}


def test_the_caller_of_a_function_without_a_frame_of_its_own(program: Path) -> None:
    """Compilers leave the frame out of a function that calls no other; `add` is one."""
    _, rows = trace(program, "add")
    assert {tuple(row["stack"][-3:]) for row in rows} == {("by_left", "leaf", "add"), ("by_right", "leaf", "add")}
    assert sum(row["calls"] for row in rows) == 2 * (LEFT + RIGHT)


def test_every_level_of_a_recursion_that_calls_from_one_place(tmp_path: Path) -> None:
    """Of both functions, of whose callers some kernels put in only that of the one that begins with its frame."""
    depth, times = 7, 11
    program = build("recursion.c", tmp_path)
    levels: dict[str, Counter[int]] = {"descend": Counter(), "dive": Counter()}
    params = {"function": f"{program}:d*"}
    with running(program, depth, times) as work, Run("stackcount", params, Filters(pid=work.pid)) as run:
        work.go()
        assert work.process.stdout and work.process.stdout.readline() == b"done\n"
        run.stop()
        run.wait()
        run.check_books()
        for row in run.rows():
            if row["function"] in levels:
                levels[row["function"]][row["stack"].count(row["function"])] += row["calls"]
    assert levels == dict.fromkeys(levels, dict.fromkeys(range(1, depth + 1), times))


@pytest.mark.proves("threads", "children", "namespaces", "names")
def test_both_threads_of_children_that_die_at_once_one_in_a_pid_namespace_of_its_own(tmp_path: Path) -> None:
    """Their stacks have no names: these are looked up while a process lives."""
    library = build_library(tmp_path)
    pids, rows, _ = trace_children("stackcount", gears(library, 7), {"function": f"{library}:gear_0"}, threads=True)
    calls: Counter[int] = Counter()
    for row in rows:
        assert row["function"] == "gear_0"
        calls[row["pid"]] += row["calls"]
    assert calls == dict.fromkeys(pids, 14)

"""Memory that a workload kept and gave back, by the function that allocated it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from proto.v1.agent_pb2 import Filters
from tests.agent.runner.children import trace_children
from tests.agent.runner.deep import trace_deep_down
from tests.agent.runner.harness import Run
from tests.workloads.compiled import build, running

pytestmark = pytest.mark.kernel

COUNT = 1009
MEASURES = ("allocations", "allocated", "frees", "freed")
# Of all blocks that growing() ever had, the last one is left.
GROWN = sum(16 * n for n in range(1, COUNT + 1))
BOOKS = {
    "leaky": (COUNT, COUNT * 100, 0, 0),
    "balanced": (COUNT, COUNT * 1000, COUNT, COUNT * 1000),
    "growing": (COUNT, GROWN, COUNT - 1, GROWN - 16 * COUNT),
    "aligned": (3 * COUNT, 3 * COUNT * 64, 2 * COUNT, 2 * COUNT * 64),
    "zeroed": (COUNT, COUNT * 56, 0, 0),
}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("leaks.c", tmp_path_factory.mktemp("workload"))


def trace(program: Path, filters: Filters | None = None, **params: str) -> tuple[int, list[dict[str, Any]]]:
    """The workload's pid and the rows of a run that saw all of it; ``filters`` are besides the pid."""
    with running(program, COUNT) as work:
        wanted = Filters(pid=work.pid)
        wanted.MergeFrom(filters or Filters())
        with Run("memleak", params, wanted) as run:
            work.go()
            assert work.process.stdout and work.process.stdout.readline() == b"done\n"
            run.stop()
            run.wait()
            run.check_books()
            assert run.lost() == {}
            return work.pid, run.rows()


def books(rows: list[dict[str, Any]]) -> dict[str, tuple[int, ...]]:
    """What each function that main() calls allocated and what of it was freed."""
    total: dict[str, Counter[str]] = {}
    for row in rows:
        stack = row["stack"]
        name = stack[stack.index("main") + 1] if "main" in stack[:-1] else ""
        total.setdefault(name, Counter()).update({measure: row[measure] for measure in MEASURES})
    return {name: tuple(sums[measure] for measure in MEASURES) for name, sums in total.items()}


@pytest.mark.proves("rows", "values")
def test_every_function_has_the_memory_that_it_took_and_gave_back(program: Path) -> None:
    pid, rows = trace(program)
    assert books(rows) == BOOKS
    assert {(row["pid"], row["comm"]) for row in rows} == {(pid, b"leaks")}
    assert all(row["calls"] == row["allocations"] + row["frees"] for row in rows)


def test_small_allocations_are_left_out(program: Path) -> None:
    _, rows = trace(program, min_size="100")
    large = range(7, COUNT + 1)  # of growing(): from 7 times 16 bytes on
    grown = sum(16 * n for n in large)
    assert books(rows) == {
        "leaky": BOOKS["leaky"],
        "balanced": BOOKS["balanced"],
        "growing": (len(large), grown, len(large) - 1, grown - 16 * COUNT),
    }


def test_only_the_thread_name_that_was_meant(program: Path) -> None:
    assert trace(program, Filters(comm="leak"))[1] == []
    assert books(trace(program, Filters(comm="leaks"))[1]) == BOOKS


@pytest.mark.proves("threads", "children", "namespaces", "names")
def test_both_threads_of_children_that_die_at_once_one_in_a_pid_namespace_of_its_own() -> None:
    before = """
import ctypes
allocate = ctypes.CDLL(None).malloc
def act(): allocate(ctypes.c_size_t(1000003))
"""
    pids, rows, _ = trace_children("memleak", before, {"min_size": "1000003"}, threads=True)
    taken: dict[int, Counter[str]] = {}
    for row in rows:
        taken.setdefault(row["pid"], Counter()).update({measure: row[measure] for measure in MEASURES})
    assert taken == {pid: Counter(allocations=2, allocated=2000006, frees=0, freed=0) for pid in pids}


def test_an_allocation_whose_return_the_kernel_does_not_show_counts_as_lost(tmp_path: Path) -> None:
    large = 3_000_017
    before = "import ctypes\nlibc = ctypes.CDLL(None)\nlibc.malloc.restype = ctypes.c_void_p\n"
    rows, lost = trace_deep_down(
        tmp_path, "memleak", f"{before}def act(): libc.malloc({large})\n", {"min_size": str(large)}
    )
    assert [(row["allocations"], row["allocated"]) for row in rows] == [(1, large)]
    assert lost == {"unseen": 1}

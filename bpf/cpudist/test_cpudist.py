"""Stretches on the CPU and their sum, beside what the kernel counts for the same thread."""

from __future__ import annotations

from pathlib import Path

import pytest

from proto.v1.agent_pb2 import Filters
from tests.agent.runner.children import check_threads, trace_children
from tests.agent.runner.waits import BURN_MS, MS, trace_waits
from tests.workloads.compiled import build

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("waits.c", tmp_path_factory.mktemp("workload"))


@pytest.mark.proves("rows", "values", "times")
@pytest.mark.parametrize("by", ["all", "process", "thread"])
def test_stretches_and_cpu_time_are_those_that_the_kernel_counts(program: Path, by: str) -> None:
    """The kernel takes interrupts and what the hypervisor took out of the CPU time; a stretch holds them. A stretch has
    no more CPU time than the workload burns between two sleeps, and a little."""
    traced = trace_waits(program, "cpudist", {"by": by})
    pid, figures, rows = traced.pid, traced.figures, traced.rows
    assert traced.total("runs") + traced.unseen == figures.switches, traced
    assert traced.total("total") >= 0.98 * figures.cpu - 2 * BURN_MS * MS * traced.unseen, traced
    assert traced.total("total") <= 1.3 * figures.cpu + figures.stolen + 5 * MS, traced
    traced.check_slots("runs")
    keys = {"all": {}, "process": {"pid": pid, "comm": b"waits"}, "thread": {"pid": pid, "tid": pid, "comm": b"waits"}}
    for row in rows:
        assert {name: row[name] for name in row.keys() - {"time", "slot", "runs", "total"}} == keys[by]


def test_only_threads_of_the_name_that_was_meant(program: Path) -> None:
    traced = trace_waits(program, "cpudist", filters=Filters(comm="wait"))
    assert (traced.rows, traced.unseen) == ([], 0)


@pytest.mark.proves("threads", "children", "namespaces", "names")
def test_both_threads_of_children_that_die_at_once_one_in_a_pid_namespace_of_its_own() -> None:
    children = trace_children("cpudist", "def act(): pass", {"by": "thread"}, threads=True)
    check_threads(children)

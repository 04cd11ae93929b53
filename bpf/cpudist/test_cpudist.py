"""Stretches on the CPU and their sum, beside what the kernel counts for the same thread."""

from __future__ import annotations

from pathlib import Path

import pytest

from proto.v1.agent_pb2 import Filters
from tests.agent.runner.waits import trace_waits
from tests.workloads.compiled import build

pytestmark = pytest.mark.kernel

MS = 1_000_000


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("waits.c", tmp_path_factory.mktemp("workload"))


@pytest.mark.parametrize("by", ["all", "process", "thread"])
def test_stretches_and_cpu_time_are_those_that_the_kernel_counts(program: Path, by: str) -> None:
    """The kernel takes interrupts and what the hypervisor took out of the CPU time; a stretch holds them."""
    traced = trace_waits(program, "cpudist", {"by": by})
    pid, figures, rows = traced.pid, traced.figures, traced.rows
    assert traced.total("runs") + traced.unseen == figures.voluntary + figures.pushed_off
    missing = traced.unseen / traced.total("runs")
    assert (0.98 - 5 * missing) * figures.cpu <= traced.total("total") <= 1.3 * figures.cpu + 5 * MS
    for row in rows:
        assert row["runs"] << row["slot"] <= row["total"] < row["runs"] << (row["slot"] + 1)
    keys = {"all": {}, "process": {"pid": pid, "comm": b"waits"}, "thread": {"pid": pid, "tid": pid, "comm": b"waits"}}
    for row in rows:
        assert {name: row[name] for name in row.keys() - {"time", "slot", "runs", "total"}} == keys[by]


def test_only_threads_of_the_name_that_was_meant(program: Path) -> None:
    traced = trace_waits(program, "cpudist", filters=Filters(comm="wait"))
    assert (traced.rows, traced.unseen) == ([], 0)

"""Waits for a CPU and their sum, beside what the kernel counts for the same thread."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from proto.v1.agent_pb2 import Filters
from tests.agent.runner.children import check_threads, trace_children
from tests.agent.runner.waits import MS, trace_waits
from tests.workloads.compiled import build

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("waits.c", tmp_path_factory.mktemp("workload"))


@pytest.mark.proves("rows", "values", "times")
@pytest.mark.parametrize(
    ("by", "variant"), [("all", "sched"), ("process", "sched"), ("thread", "sched"), ("thread", "tracepoint")]
)
def test_waits_and_their_time_are_those_that_the_kernel_counts(program: Path, by: str, variant: str) -> None:
    traced = trace_waits(program, "runqlat", {"by": by}, variant=variant)
    pid, figures, rows = traced.pid, traced.figures, traced.rows
    traced.check_count(traced.total("waits"), figures.switches)
    assert figures.queued > 5 * MS, "two threads on one CPU wait for each other"
    # A wait that was not seen may have been long beside the others for as long as no probes ran.
    longest = 2 << max(row["slot"] for row in rows)
    unsure = 2 * MS + 2 * longest * traced.unseen + traced.blind_ns * bool(traced.unseen)
    unclocked = longest * (figures.switches - figures.clocked)
    assert 0.9 * figures.queued - unsure <= traced.total("total") <= 1.1 * figures.queued + 2 * MS + unclocked, traced
    traced.check_slots("waits")
    keys = {"all": {}, "process": {"pid": pid, "comm": b"waits"}, "thread": {"pid": pid, "tid": pid, "comm": b"waits"}}
    for row in rows:
        assert {name: row[name] for name in row.keys() - {"time", "slot", "waits", "total"}} == keys[by]


def test_filters_mean_the_thread_that_waits(program: Path) -> None:
    """All of them, though another thread is the current one when it is woken."""
    group = Path("/proc/self/cgroup").read_text().rpartition("0::")[2].strip()
    same = Filters(comm="waits", uid=os.getuid(), ppid=os.getpid(), cgroup=Path(f"/sys/fs/cgroup{group}").stat().st_ino)
    traced = trace_waits(program, "runqlat", filters=same)
    traced.check_count(traced.total("waits"), traced.figures.switches)


@pytest.mark.parametrize("other", [Filters(comm="wait"), Filters(uid=1), Filters(ppid=1)])
def test_a_thread_that_is_not_meant_is_not_counted(program: Path, other: Filters) -> None:
    traced = trace_waits(program, "runqlat", filters=other)
    assert (traced.rows, traced.unseen) == ([], 0)


@pytest.mark.proves("threads", "children", "namespaces", "names")
def test_both_threads_of_children_that_die_at_once_one_in_a_pid_namespace_of_its_own() -> None:
    children = trace_children("runqlat", "def act(): pass", {"by": "thread"}, threads=True)
    check_threads(children)

"""opensnoop against workloads that know what they did."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from proto.v1 import stream_pb2
from proto.v1.agent_pb2 import Filters, RunLimits
from tests.agent.runner.harness import Run
from tests.workloads.compiled import build, running
from tests.workloads.spawn import Workload, workload

pytestmark = pytest.mark.kernel

MISSING = "/nonexistent/fleetscope-"
FULL_SPEED = 1_000_003
STEADY = 10_007


@pytest.fixture(scope="module")
def burst(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("burst.c", tmp_path_factory.mktemp("opensnoop"))


def calls(*made: tuple[str, bytes]) -> AbstractContextManager[Workload]:
    return workload("open_calls.py", *[f"{name}={path.hex()}" for name, path in made])


def trace(run: Run, target: Workload) -> None:
    target.go()
    target.finish()
    run.wait()
    run.check_books()


def test_numbered_paths_at_a_steady_rate_all_arrive_once() -> None:
    steady = workload("open_paths.py", STEADY, 2000, MISSING)
    with steady as target, Run("opensnoop", filters=Filters(pid=target.pid)) as run:
        trace(run, target)
        paths = run.table()["path"].to_pylist()
        assert run.end.cause == stream_pb2.END_CAUSE_TARGET_EXITED
    assert len(paths) == STEADY
    assert set(paths) == {f"{MISSING}{number}".encode() for number in range(STEADY)}


def test_at_full_speed_seen_is_the_workloads_own_count_and_the_books_close(burst: Path) -> None:
    with running(burst, FULL_SPEED) as target, Run("opensnoop", filters=Filters(pid=target.pid)) as run:
        target.go()
        made = int(target.finish())
        run.wait()
        run.check_books()
        assert made == FULL_SPEED
        assert run.ledger.seen == made
        assert run.table().num_rows == run.ledger.stored


def test_paths_of_every_length_class_arrive_whole_and_in_order() -> None:
    paths = [b"/" + b"x" * (length - 1) for length in (1, 2, 62, 63, 64, 65, 254, 255, 256, 257, 1000, 4094, 4095)]
    paths += [b"/\xff\xfe/\x80name", "/имя/名前".encode(), b"/with\nnewline\\and backslash", b"relative"]
    with (
        calls(*[("openat", path) for path in paths]) as target,
        Run("opensnoop", filters=Filters(pid=target.pid)) as run,
    ):
        trace(run, target)
        rows = run.rows()
        assert [row["path"] for row in rows] == paths
        assert [row["time"] for row in rows] == sorted(row["time"] for row in rows)


def test_every_call_that_opens_a_file_is_seen_with_its_flags_and_result(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_text("")
    new = os.fsencode(tmp_path / "new")
    made = [("open", os.fsencode(there)), ("openat", b"/nonexistent"), ("openat2", os.fsencode(there)), ("creat", new)]
    with calls(*made) as target, Run("opensnoop", filters=Filters(pid=target.pid)) as run:
        trace(run, target)
        rows = run.rows()
    assert [row["path"] for row in rows] == [path for _, path in made]
    assert [row["err"] for row in rows] == [0, errno.ENOENT, 0, 0]
    assert [row["fd"] >= 0 for row in rows] == [True, False, True, True]
    assert [row["flags"] for row in rows] == [
        os.O_WRONLY | os.O_APPEND,
        os.O_RDONLY,
        os.O_RDONLY | os.O_NOFOLLOW,
        os.O_CREAT | os.O_WRONLY | os.O_TRUNC,
    ]
    assert {(row["pid"], row["tid"], row["uid"]) for row in rows} == {(target.pid, target.pid, os.getuid())}
    assert {row["comm"] for row in rows} == {Path(sys.executable).name.encode()}


@pytest.mark.parametrize(
    ("params", "seen"),
    [
        ({"failed_only": "true"}, {"openat"}),
        ({"access": "read"}, {"openat", "openat2"}),
        ({"access": "write"}, {"open", "creat"}),
        ({"access": "create"}, {"creat"}),
    ],
)
def test_parameters_choose_calls(tmp_path: Path, params: dict[str, str], seen: set[str]) -> None:
    made = {name: os.fsencode(tmp_path / name) for name in ("open", "openat2", "creat")}
    for path in made.values():
        Path(os.fsdecode(path)).write_text("")
    made["openat"] = b"/nonexistent/openat"
    with calls(*made.items()) as target, Run("opensnoop", params, Filters(pid=target.pid)) as run:
        trace(run, target)
        assert {Path(os.fsdecode(row["path"])).name for row in run.rows()} == seen


def test_filters_by_name_user_parent_and_thread_see_the_workload_and_nothing_else() -> None:
    with workload("open_paths.py", 500, 5000, MISSING) as target:
        comm = Path(f"/proc/{target.pid}/comm").read_text().strip()
        filters = Filters(comm=comm, uid=os.getuid(), ppid=os.getpid(), tid=target.pid)
        with Run("opensnoop", filters=filters) as run:
            target.go()
            target.finish()
            run.wait()
            rows = run.rows()
    assert len(rows) == 500
    assert {row["pid"] for row in rows} == {target.pid}


@pytest.mark.parametrize("other", [Filters(comm="another"), Filters(uid=4242), Filters(ppid=1), Filters(cgroup=2**40)])
def test_a_filter_that_does_not_match_sees_nothing(other: Filters) -> None:
    with workload("open_paths.py", 200, 5000, MISSING) as target:
        filters = Filters(pid=target.pid)
        filters.MergeFrom(other)
        with Run("opensnoop", filters=filters) as run:
            trace(run, target)
            assert run.ledger.seen == 0


def test_the_events_per_second_limit_holds_back_and_counts(burst: Path) -> None:
    limits = RunLimits(events_per_second=1000)
    with running(burst, 30_000, 10_000) as target, Run("opensnoop", None, Filters(pid=target.pid), limits) as run:
        target.go()
        made = int(target.finish())
        run.wait()
        run.check_books()
        assert run.ledger.seen == made
        assert 2500 < run.ledger.stored < 4500
        assert run.lost()["throttled"] == made - run.ledger.stored


def test_the_row_limit_stores_exactly_so_many_and_counts_the_rest(burst: Path) -> None:
    limits = RunLimits(rows=12_345)
    with running(burst, 50_000) as target, Run("opensnoop", None, Filters(pid=target.pid), limits) as run:
        target.go()
        target.finish()
        run.wait()
        run.check_books()
        assert run.table().num_rows == 12_345
        assert run.end.cause == stream_pb2.END_CAUSE_ROWS
        assert run.lost()["limit"] == run.ledger.seen - 12_345

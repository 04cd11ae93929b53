"""opensnoop against workloads that know what they did."""

from __future__ import annotations

import errno
import os
import re
import sys
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from proto.v1 import stream_pb2
from proto.v1.agent_pb2 import Filters, RunLimits
from tests.agent.runner.children import trace_children
from tests.agent.runner.harness import Run
from tests.agent.runner.traced import trace_statements
from tests.workloads.compiled import build, running
from tests.workloads.spawn import Workload, workload

pytestmark = pytest.mark.kernel

MISSING = "/nonexistent/fleetscope-"
FULL_SPEED = 1_000_003
STEADY = 10_007
CHILDREN = 101


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


@pytest.mark.proves("rows")
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


@pytest.mark.proves("long", "names")
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


@pytest.mark.proves("values", "errno", "flags")
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


FOLDERS = """
import contextlib, os
def ask(path, **where):
    with contextlib.suppress(OSError): os.close(os.open(path, os.O_RDONLY, **where))
os.chdir({folder!r})
usr = os.open("/usr/share", os.O_RDONLY)
"""


def trace_folders(before: str, then: str) -> list[tuple[bytes, bytes, int]]:
    """Folder, path and error of each row."""
    rows = trace_statements("opensnoop", before, then, {"folder": "true"}).rows
    return [(row["folder"], row["path"], row["err"]) for row in rows]


@pytest.mark.proves("relative")
def test_relative_paths_have_the_folder_in_which_they_start(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/\xff\xfe/inner"
    Path(os.fsdecode(folder)).mkdir(parents=True)
    (tmp_path / "there").write_text("")
    then = """
ask("../../there"); ask("/etc/hostname"); ask("doc", dir_fd=usr); ask("here", dir_fd=99)
os.chdir("/"); ask("etc")
os.chdir("/proc/self/fdinfo"); ask(".")
"""
    rows = trace_folders(FOLDERS.format(folder=os.fsdecode(folder)), then)
    assert [row[1:] for row in rows] == [
        (b"../../there", 0), (b"/etc/hostname", 0), (b"doc", 0), (b"here", errno.EBADF), (b"etc", 0), (b".", 0),
    ]  # fmt: skip
    assert [row[0] for row in rows][:5] == [folder, b"", b"/usr/share", b"", b"/"]
    assert re.fullmatch(rb"/proc/\d+/fdinfo", rows[5][0])


def test_a_folder_is_what_the_process_sees_as_such(tmp_path: Path) -> None:
    (tmp_path / "new root/inner").mkdir(parents=True)
    then = f"os.chroot({str(tmp_path / 'new root')!r}); os.chdir('/inner'); ask('missing')"
    assert trace_folders(FOLDERS.format(folder=str(tmp_path)), then) == [(b"/inner", b"missing", errno.ENOENT)]


@pytest.mark.parametrize(("name", "depth", "shown"), [("n" * 120, 4, 2), ("n", 100, 64)])
def test_a_folder_that_is_too_long_is_shown_from_its_end(tmp_path: Path, name: str, depth: int, shown: int) -> None:
    """By its bytes or by its depth."""
    inner = tmp_path.joinpath(*[name] * depth)
    inner.mkdir(parents=True)
    rows = trace_folders(FOLDERS.format(folder=str(inner)), "ask('missing')")
    assert rows == [(f"…{f'/{name}' * shown}".encode(), b"missing", errno.ENOENT)]


@pytest.mark.proves("threads", "children")
def test_threads_and_children_that_die_at_once(tmp_path: Path) -> None:
    then = f"""
def child(n):
    pid = os.fork()
    if not pid:
        os.chdir("/usr"); ask(f"child-{{n}}"); os.kill(os.getpid(), 9)
    os.waitpid(pid, 0)
for n in range({CHILDREN}): child(n)
thread = threading.Thread(target=ask, args=("thread",)); thread.start(); thread.join()
"""
    before = FOLDERS.format(folder=str(tmp_path)) + "import threading\n"
    with workload("statements.py", before, then) as target:
        comm = Path(f"/proc/{target.pid}/comm").read_text().strip()
        with Run("opensnoop", {"folder": "true"}, Filters(comm=comm, uid=os.getuid())) as run:
            target.go()
            target.finish()
            run.stop()
            run.wait()
            run.check_books()
            rows = [row for row in run.rows() if row["path"].startswith((b"child-", b"thread"))]
    children, (thread,) = rows[:-1], rows[-1:]
    assert [row["path"] for row in children] == [f"child-{n}".encode() for n in range(CHILDREN)]
    assert {(row["folder"], row["err"]) for row in children} == {(b"/usr", errno.ENOENT)}
    assert len({row["pid"] for row in children}) == CHILDREN
    assert (thread["pid"], thread["folder"]) == (target.pid, os.fsencode(tmp_path))
    assert thread["tid"] != thread["pid"]


@pytest.mark.proves("children", "namespaces", "names")
def test_children_that_die_at_once_and_one_in_a_pid_namespace_of_its_own() -> None:
    pids, rows, _ = trace_children("opensnoop", "def act(): open('/etc/hostname').close()")
    rows = [row for row in rows if row["path"] == b"/etc/hostname"]
    assert [(row["pid"], row["tid"], row["err"]) for row in rows] == [(pid, pid, 0) for pid in pids]

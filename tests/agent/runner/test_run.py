"""One run from configuration to closed books, with the real runner process."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.clock import boot_ns, wall_ns
from agent.kernel.bpf_syscall import prog_stats, read_percpu_u64
from proto.v1 import stream_pb2 as pb
from proto.v1 import tool_pb2
from proto.v1.agent_pb2 import Filters, RunLimits, RunUpdate
from tests.agent.runner.harness import Run
from tests.workloads.compiled import build, running
from tests.workloads.spawn import workload

pytestmark = pytest.mark.kernel

MISSING = "/nonexistent/fleetscope-"


@pytest.fixture
def idle() -> Iterator[int]:
    """A process that does nothing."""
    process = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    yield process.pid
    process.communicate()


def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_first_word_is_schema_clocks_counters_and_programs(idle: int) -> None:
    with Run("opensnoop", filters=Filters(pid=idle)) as run:
        first = run.first
        assert (first.state, first.schema.tool, first.schema.variant) == (
            RunUpdate.STATE_ATTACHED,
            "opensnoop",
            "syscalls",
        )
        assert abs((wall_ns() - boot_ns()) - (first.wall_ns - first.boot_ns)) < 10_000_000
        assert read_percpu_u64(run.fds[0], 0) >= 0
        assert {prog_stats(descriptor).name for descriptor in run.fds[1:]} == {"syscalls__sys_e", "fs_on_fork"}
        hook, *probes = run.program_types
        assert hook == tool_pb2.PROBE_TYPE_RAW_TRACEPOINT, "forks, so that a child is never taken for the process"
        assert probes == [tool_pb2.PROBE_TYPE_TRACEPOINT] * (len(run.fds) - 2)
        run.stop("that will do")
        run.wait()
        assert (run.end.cause, run.end.message) == (pb.END_CAUSE_STOPPED, "that will do")
        run.check_books()


def test_duration_is_kept_by_the_runners_own_clock(idle: int) -> None:
    with Run("opensnoop", filters=Filters(pid=idle), limits=RunLimits(duration_ms=700)) as run:
        run.wait()
        assert run.end == pb.RunEnd(
            cause=pb.END_CAUSE_DURATION, message="ended after 0.7 s, its limit", ledger_known=True
        )
        lasted = (run.heads()[-1].boot_ns - run.first.boot_ns) / 1e6
        assert 650 < lasted < 5000


def test_a_request_to_end_closes_the_books_in_seconds() -> None:
    steady = workload("open_paths.py", 100_000, 2000, MISSING)
    with steady as target, Run("opensnoop", filters=Filters(pid=target.pid)) as run:
        target.go()
        run.wait_for(500)
        start = time.monotonic()
        run.terminate()
        run.wait()
        assert time.monotonic() - start < 10
        assert run.end.cause == pb.END_CAUSE_AGENT_STOPPED
        run.check_books()


def test_a_warden_that_dies_ends_the_run_with_closed_books() -> None:
    with workload("open_paths.py", 100_000, 2000, MISSING) as target:
        run = Run("opensnoop", filters=Filters(pid=target.pid))
        run.start()
        target.go()
        run.wait_for(500)
        run.hang_up()
        assert run.process is not None
        assert run.process.wait(5) == 0
        assert run.end.cause == pb.END_CAUSE_AGENT_STOPPED
        run.check_books()
        run.close()


def test_a_killed_runner_leaves_nothing_attached_and_counters_in_other_hands() -> None:
    with workload("open_paths.py", 100_000, 2000, MISSING) as target:
        run = Run("opensnoop", filters=Filters(pid=target.pid))
        run.start()
        target.go()
        run.wait_for(200)
        runs = [prog_stats(descriptor).id for descriptor in run.fds[1:]]
        assert runs
        assert run.process is not None
        run.process.kill()
        run.process.wait()
        seen = read_percpu_u64(run.fds[0], 0)
        until(lambda: not Path(f"/proc/{run.process.pid}").exists() if run.process else True)
        settled = read_percpu_u64(run.fds[0], 0)
        time.sleep(0.2)  # the workload goes on: a program that was still attached would count
        assert read_percpu_u64(run.fds[0], 0) == settled >= seen
        assert target.process.poll() is None
        run.close()


@pytest.mark.parametrize(
    ("tool", "params", "filters", "reason"),
    [
        (
            "opensnoop",
            {},
            Filters(pid=2**22 + 1),
            "no process 4194305 runs on this host; see its processes with: ps -e",
        ),
        ("opensnoop", {"acess": "any"}, Filters(), "acess: opensnoop has no such parameter; did you mean access?"),
        ("funclatency", {"function": "nosuchlib:f"}, Filters(), "there is no library nosuchlib"),
        ("funclatency", {"function": "/no/such/file:f"}, Filters(), "there is no program or library /no/such/file"),
        ("funclatency", {"function": "c:no_such_function_*"}, Filters(), "no function of .* matches no_such_function_"),
        (
            "funclatency",
            {"function": "c:*"},
            Filters(),
            "matches [0-9]+ functions of .*, at most 1000 are traced at once",
        ),
    ],
)
def test_what_cannot_start_says_why_in_one_line(
    tool: str, params: dict[str, str], filters: Filters, reason: str
) -> None:
    with Run(tool, params, filters) as run:
        run.wait()
        assert run.end.cause == pb.END_CAUSE_FAILED
        assert re.search(reason, run.end.message), run.end.message
        assert "\n" not in run.end.message
        assert [head.seq for head in run.heads()] == [1]
        assert (run.ledger.seen, run.ledger.stored) == (0, 0)


def test_an_unknown_variant_is_refused() -> None:
    with Run("opensnoop", variant="kprobe") as run:
        run.wait()
        assert run.end.message == "opensnoop has no variant kprobe; it has syscalls"


def test_while_watched_a_row_is_on_the_spool_at_once() -> None:
    slow = workload("open_paths.py", 300, 100, MISSING)
    with slow as target, Run("opensnoop", filters=Filters(pid=target.pid), watched=True) as run:
        target.go()
        target.finish()
        run.wait()
        late = [head.boot_ns - first for head, first in zip(run.heads(), first_times(run), strict=False)]
    assert len(late) > 20  # unwatched it would be a dozen
    assert sorted(late)[len(late) // 2] < 100_000_000


def first_times(run: Run) -> list[int]:
    """Time of the first row of each batch."""
    times, start = [], 0
    column = run.table()["time"].to_pylist()
    for head in run.heads():
        if head.rows:
            times.append(column[start])
            start += head.rows
    return times


def test_a_full_spool_loses_rows_but_not_the_count_of_them(tmp_path: Path) -> None:
    burst = running(build("burst.c", tmp_path), 300_000)
    with burst as target, Run("opensnoop", filters=Filters(pid=target.pid), spool_bytes=4000) as run:
        target.go()
        made = int(target.finish())
        run.wait()
        run.check_books()
        assert run.ledger.seen == made
        assert run.lost()["spool"] > 0


def test_spool_files_belong_to_the_links_group(idle: int) -> None:
    with Run("opensnoop", filters=Filters(pid=idle), limits=RunLimits(duration_ms=100), spool_gid=54321) as run:
        run.wait()
        for path in run.folder.iterdir():
            found = path.stat()
            assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (os.getuid(), 54321, 0o640)


def test_a_runner_stays_small_and_leads_its_own_group(idle: int) -> None:
    with Run("opensnoop", filters=Filters(pid=idle)) as run:
        assert run.process is not None
        pid = run.process.pid
        status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        assert int(status["VmRSS"].split()[0]) < 200 * 1024
        assert status["NoNewPrivs"].strip() == "1"
        sys_admin, sys_module = 1 << 21, 1 << 16
        assert int(status["CapEff"], 16) & (sys_admin | sys_module) == 0
        assert os.getpgid(pid) == pid
        run.process.send_signal(signal.SIGINT)  # of a terminal: not meant for it
        run.stop()


def test_a_runner_loads_arrow_only_while_the_compiler_works() -> None:
    code = (
        "import sys, agent.runner.__main__, agent.runner.run; print(*{'pyarrow', 'cryptography'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "", "the first row waits for these"

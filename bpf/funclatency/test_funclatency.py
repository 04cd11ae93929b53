"""Histograms of functions whose times are known by their own clock."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from proto.v1 import stream_pb2
from proto.v1.agent_pb2 import Filters
from tests.agent.runner.children import trace_children
from tests.agent.runner.harness import Run
from tests.workloads.compiled import build, running
from tests.workloads.durations import OwnTimes, own_times
from tests.workloads.shared_library import build_library, gears
from tests.workloads.spawn import Workload

pytestmark = pytest.mark.kernel

ROUNDS, DEPTH = 7, 7
ROOM = 65536  # of its table of calls
OPEN = 64  # calls of a thread whose return the kernel shows
MS = 1_000_000


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("durations.c", tmp_path_factory.mktemp("workload"))


def trace(program: Path, pattern: str) -> tuple[OwnTimes, list[dict[str, Any]]]:
    """The workload's own times, and the rows of a run that saw all calls."""
    with running(program, ROUNDS) as work:
        params = {"function": f"{program}:{pattern}"}
        with Run("funclatency", params, Filters(pid=work.pid)) as run:
            work.go()
            own = own_times(lines(work.process))
            run.stop()
            run.wait()
            run.check_books()
            assert run.lost() == {}
            return own, run.rows()


def lines(process: subprocess.Popen[bytes]) -> list[bytes]:
    assert process.stdout
    return [*iter(process.stdout.readline, b"done\n")]


def histogram(rows: list[dict[str, Any]], function: str) -> Counter[int]:
    slots: Counter[int] = Counter()
    for row in rows:
        if row["function"] == function:
            slots[row["slot"]] += row["calls"]
    return slots


@pytest.mark.proves("rows", "values", "times")
def test_each_time_lands_in_its_slot(program: Path) -> None:
    own, rows = trace(program, "timed")
    own.check(histogram(rows, "timed"))
    assert own.within.total() == ROUNDS * 7
    assert min(own.within) >= 20 and max(own.within) >= 26
    total = sum(row["total"] for row in rows)
    assert total >= ROUNDS * sum(1.5 * MS * 2**step for step in range(7))
    assert total <= sum(2 ** (slot + 1) * calls for slot, calls in own.around.items())


def test_every_level_of_a_recursive_function_has_its_own_time(program: Path) -> None:
    _, rows = trace(program, "recursive")
    slots = histogram(rows, "recursive")
    assert sum(slots.values()) == ROUNDS * DEPTH
    # The innermost waits 3 ms, each level around it 3 ms more.
    total = sum(row["total"] for row in rows)
    assert total >= ROUNDS * sum(3 * MS * level for level in range(1, DEPTH + 1))
    assert min(slots) >= 21 and max(slots) >= 24


def test_levels_whose_return_the_kernel_does_not_show_count_as_lost(tmp_path: Path) -> None:
    deep = build("durations.c", tmp_path, f"-DDEPTH={OPEN + DEPTH}")
    with running(deep, 1) as work, Run("funclatency", {"function": f"{deep}:recursive"}, Filters(pid=work.pid)) as run:
        work.go()
        lines(work.process)
        run.stop()
        run.wait()
        run.check_books()
        assert (histogram(run.rows(), "recursive").total(), run.lost()) == (OPEN, {"unseen": DEPTH})


def test_a_call_that_never_returns_spoils_no_other(program: Path) -> None:
    _, rows = trace(program, "*escaping")
    assert sum(histogram(rows, "escaping").values()) == 0
    around = histogram(rows, "around_escaping")
    assert sum(around.values()) == ROUNDS
    assert min(around) >= 20


def test_a_call_whose_start_had_to_give_way_counts_as_lost(tmp_path: Path) -> None:
    """Twice as many calls that never return are open than there is room for."""
    abandoned = build("abandoned.c", tmp_path)
    params = {"function": f"{abandoned}:*_call"}
    with running(abandoned, 2 * ROOM) as work, Run("funclatency", params, Filters(pid=work.pid)) as run:
        work.go()
        assert work.process.stdout and work.process.stdout.readline() == b"done\n"
        run.stop()
        run.wait()
        run.check_books()
        assert (run.rows(), run.lost()) == ([], {"map_full": 1})


def test_several_functions_at_once_in_every_process(program: Path) -> None:
    """Without a pid the probes sit in the file, for whoever runs it."""
    with Run("funclatency", {"function": f"{program}:*im*d"}, Filters(comm="durations")) as run:
        with running(program, 1) as first, running(program, 1) as second:
            first.go()
            second.go()
            own = own_times(lines(first.process)) + own_times(lines(second.process))
            run.stop()
            run.wait()
        run.check_books()
        own.check(histogram(run.rows(), "timed"))


def test_a_library_by_its_short_name() -> None:
    calls = 1009
    call = f"[os.getppid() for _ in range({calls})]"
    code = f"import os; print(os.getpid(), flush=True); input(); {call}; print(flush=True); input()"
    work = Workload([sys.executable, "-S", "-c", code])
    assert work.process.stdout
    with Run("funclatency", {"function": "c:getppid"}, Filters(pid=work.pid)) as run:
        work.go()
        work.process.stdout.readline()
        run.stop()
        run.wait()
        run.check_books()
        rows = run.rows()
    work.go()
    work.finish()
    assert {row["function"] for row in rows} == {"getppid"}
    assert sum(row["calls"] for row in rows) == calls


def test_the_library_of_a_process_in_another_root(program: Path, tmp_path: Path) -> None:
    """As in a container: the path means a file that only the target sees there."""
    inner = tmp_path / "root"
    (inner / "app").mkdir(parents=True)
    command = ["unshare", "--mount", "--root", str(inner), "/app/durations", "1"]
    static = build("durations.c", tmp_path, "-static")
    (inner / "app/durations").write_bytes(static.read_bytes())
    (inner / "app/durations").chmod(0o755)
    work = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert work.stdin and work.stdout
    pid = int(work.stdout.readline())
    with Run("funclatency", {"function": "/app/durations:timed"}, Filters(pid=pid)) as run:
        work.stdin.write(b"go\n")
        work.stdin.flush()
        own = own_times(lines(work))
        run.stop()
        run.wait()
        own.check(histogram(run.rows(), "timed"))
    work.communicate(b"\n")


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("c:no_such_function_*", "no function of .*libc.* matches no_such_function_\\*"),
        ("no-such-library:malloc", "there is no library no-such-library"),
        ("/no/such/program:main", "there is no program or library /no/such/program for this machine"),
        ("/etc/shadow:main", "there is no program or library /etc/shadow for this machine"),
        ("c:*", "matches [0-9]+ functions of .*libc.*, at most 1000 are traced at once; narrow it down"),
    ],
)
def test_what_cannot_be_traced_is_refused_in_one_line(function: str, message: str) -> None:
    with Run("funclatency", {"function": function}, Filters(comm="nobody")) as run:
        run.wait()
        end = run.end
    assert end.cause == stream_pb2.END_CAUSE_FAILED
    assert "\n" not in end.message
    assert re.search(message, end.message)


@pytest.mark.proves("threads", "children", "namespaces")
def test_both_threads_of_children_that_die_at_once_one_in_a_pid_namespace_of_its_own(tmp_path: Path) -> None:
    library = build_library(tmp_path)
    pids, rows, _ = trace_children("funclatency", gears(library, 7), {"function": f"{library}:gear_0"}, threads=True)
    assert sum(histogram(rows, "gear_0").values()) == 14 * len(pids)

"""Arguments, values returned and times of calls equal those that a workload made."""

from __future__ import annotations

import math
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from proto.v1 import stream_pb2
from proto.v1.agent_pb2 import Filters
from tests.agent.runner.children import check_threads, trace_children
from tests.agent.runner.harness import Run
from tests.workloads.compiled import build, running
from tests.workloads.shared_library import build_library, gears

pytestmark = pytest.mark.kernel

COUNT, THREADS = 1009, 2
WHOLE, CUT, ABSENT, NULL = range(4)
MS = 1_000_000
ALWAYS = ["time", "pid", "tid", "comm", "cgroup", "container", "function"]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("arguments.c", tmp_path_factory.mktemp("workload"))


def trace(program: Path, function: str, count: int = 0, **params: str) -> list[dict[str, Any]]:
    """The rows of a run that saw all of the workload."""
    params = {"function": f"{program}:{function}", **params}
    with running(program, count) as work, Run("uprobe", params, Filters(pid=work.pid)) as run:
        assert not run.first.end.message
        work.go()
        assert work.process.stdout and work.process.stdout.readline() == b"done\n"
        run.stop()
        run.wait()
        run.check_books()
        assert run.lost() == {}
        rows = run.rows()
        assert {row["pid"] for row in rows} <= {work.pid}
        return rows


def refusal(program: Path, **params: str) -> str:
    with Run("uprobe", {"function": f"{program}:text", **params}, Filters(comm="nobody")) as run:
        run.wait()
        assert run.end.cause == stream_pb2.END_CAUSE_FAILED
        return run.end.message


@pytest.mark.proves("values")
def test_numbers_of_every_type_at_their_edges(program: Path) -> None:
    """Eight of them: the last two are on the stack."""
    rows = trace(program, "edges", args="s8,u8,s16,u16,s32,u32,s64,u64", ret="s8")
    names = [*(f"arg{position}" for position in range(1, 9)), "ret"]
    assert [[row[name] for name in names] for row in rows] == [
        [-128, 255, -(2**15), 2**16 - 1, -(2**31), 2**32 - 1, -(2**63), 2**64 - 1, -128],
        [127, 0, 2**15 - 1, 0, 2**31 - 1, 0, 2**63 - 1, 0, 127],
    ]


def test_the_same_bits_as_other_types(program: Path) -> None:
    rows = trace(program, "edges", args="low:u8,_,bits:hex,_,_,_,_,all:s64")
    assert [(row["low"], row["bits"] & 0xFFFF, row["all"]) for row in rows] == [(128, 0x8000, -1), (127, 0x7FFF, 0)]
    assert list(rows[0]) == [*ALWAYS, "low", "bits", "all"]


@pytest.mark.proves("long", "names")
def test_strings_up_to_4095_bytes_are_whole_and_longer_ones_are_marked(program: Path) -> None:
    rows = [row for row in trace(program, "text", args="n:s64,name:str") if row["n"] != 0 or not row["name"]]
    seen = {row["n"]: (row["name"], row["name_read"]) for row in rows}
    lengths = (0, 1, 61, 62, 63, 64, 65, 509, 510, 511, 512, 513, 4094, 4095)
    assert {n: seen[n] for n in lengths} == {n: (b"x" * n, WHOLE) for n in lengths}
    assert seen[4096] == seen[5000] == (b"x" * 4095, CUT)
    assert seen[-3] == (b"\xff\xfe caf\xc3\xa9", WHOLE)


def test_pointers_that_lead_nowhere_say_so(program: Path) -> None:
    seen = {row["n"]: (row["name"], row["name_read"]) for row in trace(program, "text", args="n:s64,name:str")}
    assert (seen[-1], seen[-2]) == ((b"", NULL), (b"", ABSENT))


def test_a_string_is_cut_where_a_person_wants_it(program: Path) -> None:
    seen = {row["n"]: (row["name"], row["name_read"]) for row in trace(program, "text", args="n:s64,name:str[62]")}
    assert [seen[n] for n in (61, 62, 63)] == [(b"x" * 61, WHOLE), (b"x" * 62, WHOLE), (b"x" * 62, CUT)]


def test_buffers_have_the_size_that_another_argument_says(program: Path) -> None:
    rows = trace(program, "bytes", args="data:bytes[size:5000],size:s64")
    start = b"nul\0inside"
    assert [(row["size"], row["data"], row["data_read"]) for row in rows] == [
        (10, start, WHOLE),
        (100, start + b"b" * 90, WHOLE),
        (8192, start + b"b" * 4990, CUT),
        (0, b"", WHOLE),
        (-1, b"", WHOLE),
        (5, b"", NULL),
    ]


def test_a_buffer_of_fixed_size_beside_a_string(program: Path) -> None:
    rows = trace(program, "text", args="n:s64,name:str[5]")
    assert {row["name"] for row in rows if row["n"] > 4} == {b"xxxxx"}
    rows = trace(program, "bytes", args="data:bytes[6]")
    assert [(row["data"], row["data_read"]) for row in rows] == [(b"nul\0in", WHOLE)] * 5 + [(b"", NULL)]


def test_what_a_function_writes_is_read_when_it_returns(program: Path) -> None:
    (row,) = trace(program, "answer", args="to:bytes[ret],size:s64", ret="s64")
    assert (row["to"], row["size"], row["ret"]) == (b"a" * 50, 100, 50)


def test_strings_that_are_returned(program: Path) -> None:
    rows = trace(program, "word", args="n:s32", ret="str")
    assert [(row["n"], row["ret"], row["ret_read"]) for row in rows] == [
        (n, b"odd", WHOLE) if n % 2 else (n, b"", NULL) for n in range(7)
    ]


def test_each_level_of_a_recursion_has_its_own_result_and_time(program: Path) -> None:
    rows = trace(program, "factorial", args="n:s64", ret="result:s64", latency="true")
    assert [(row["n"], row["result"]) for row in rows] == [(n, math.factorial(n)) for n in range(1, 8)]
    times = [row["latency"] for row in rows]
    assert times == sorted(times) and times[0] > 0


def test_levels_whose_return_the_kernel_does_not_show_count_as_lost(tmp_path: Path) -> None:
    deep = build("durations.c", tmp_path, "-DDEPTH=71")
    params = {"function": f"{deep}:recursive", "args": "depth:s32", "ret": "s64"}
    with running(deep, 1) as work, Run("uprobe", params, Filters(pid=work.pid)) as run:
        work.go()
        assert work.process.stdout and [*iter(work.process.stdout.readline, b"done\n")]
        run.stop()
        run.wait()
        run.check_books()
        assert [(row["depth"], row["ret"]) for row in run.rows()] == [(n, n + 1) for n in range(7, 71)]
        assert run.lost() == {"unseen": 7}


@pytest.mark.proves("times")
def test_a_call_lasts_as_long_as_it_sleeps(program: Path) -> None:
    rows = trace(program, "slow", args="ms:s64", latency="true")
    assert [row["ms"] for row in rows] == [20, 60]
    for row in rows:
        assert row["ms"] * MS <= row["latency"] < (row["ms"] + 1000) * MS


@pytest.mark.proves("rows", "threads")
def test_every_call_of_all_threads(program: Path) -> None:
    rows = [row for row in trace(program, "text", COUNT, args="n:s64,name:str") if row["name"] == b"counted"]
    assert sorted(row["n"] for row in rows) == sorted([*range(COUNT)] * THREADS)
    assert len({row["tid"] for row in rows}) == THREADS


def test_two_probes_at_once_on_processes_that_end_at_once(program: Path) -> None:
    """Without a pid the probes sit in the file, for whoever runs it."""
    runs, params = 7, {"function": f"{program}:edges"}
    with (
        Run("uprobe", {**params, "args": "a:s8"}, Filters(comm="arguments")) as first,
        Run("uprobe", {**params, "ret": "s8"}, Filters(comm="arguments")) as second,
    ):
        for _ in range(runs):
            subprocess.run([program, "0"], input=b"go\n\n", stdout=subprocess.DEVNULL, check=True)
        for run in (first, second):
            run.stop()
            run.wait()
            run.check_books()
        assert [row["a"] for row in first.rows()] == [row["ret"] for row in second.rows()] == [-128, 127] * runs
        assert len({row["pid"] for row in first.rows()}) == runs


def test_several_functions_in_all_files_of_a_process(program: Path) -> None:
    with running(program, 0) as work:
        params = {"function": "*:*lo*", "args": "first:s64"}
        with Run("uprobe", params, Filters(pid=work.pid)) as run:
            work.go()
            assert work.process.stdout and work.process.stdout.readline() == b"done\n"
            run.stop()
            run.wait()
            counts = [row["function"] for row in run.rows()]
            assert counts.count("slow") == 2
            assert counts.count("malloc") >= 1


def test_a_function_that_takes_no_probe_is_left_out_and_named() -> None:
    """Its first instruction has a lock prefix."""
    with Run("uprobe", {"function": "c:pthread_spin_*"}, Filters(comm="nobody")) as run:
        run.stop()
        run.wait()
        assert run.first.schema.loses.endswith("cannot put a probe on the first instruction of pthread_spin_lock")
    with Run("uprobe", {"function": "c:pthread_spin_lock"}, Filters(comm="nobody")) as run:
        run.wait()
        assert run.end.message.startswith("nothing is left to trace: the kernel cannot put a probe on")


def test_functions_alone(program: Path) -> None:
    rows = trace(program, "slow")
    assert [row["function"] for row in rows] == ["slow", "slow"]
    assert list(rows[0]) == ALWAYS


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"args": "n:s64,function:str"}, "every row has a function of its own already; give argument 2 another name"),
        (
            {"args": "data:bytes[ret]"},
            "no number 'ret' among the arguments; give a type of number for ret too",
        ),
        ({"args": "n:s64", "ret": "n:s64"}, "n is there twice; give the value returned another name"),
        ({"args": "n:float"}, "'float' is no type; it can be u8, "),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(program: Path, params: dict[str, str], message: str) -> None:
    said = refusal(program, **params)
    assert re.search(re.escape(message), said)
    assert "\n" not in said


@pytest.mark.proves("threads", "children", "namespaces", "names")
def test_both_threads_of_children_that_die_at_once_one_in_a_pid_namespace_of_its_own(tmp_path: Path) -> None:
    library = build_library(tmp_path)
    params = {"function": f"{library}:gear_0", "args": "n:s32", "ret": "s32"}
    children = trace_children("uprobe", gears(library, 7), params, threads=True)
    check_threads(children)
    assert [(row["pid"], row["n"], row["ret"]) for row in children.rows] == [
        (pid, n, n) for pid in children.pids for n in [*range(7)] * 2
    ]

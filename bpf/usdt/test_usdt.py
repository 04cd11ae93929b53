"""USDT probes of a workload with known arguments, and of the Python that Debian ships."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from proto.v1 import stream_pb2
from proto.v1.agent_pb2 import Filters
from tests.agent.runner.children import check_threads, trace_children
from tests.agent.runner.harness import Run
from tests.agent.runner.traced import trace_running
from tests.workloads.compiled import build, running
from tests.workloads.spawn import Workload, workload

pytestmark = pytest.mark.kernel

COUNT = 101
WHOLE, NULL = 0, 3
PYTHON = "/usr/bin/python3.11"
SCRIPT = f"""
import gc, os, sys
print(os.getpid(), flush=True)
def inner(n): return n + 1
def outer(n): return [inner(i) for i in range(n)]
sys.stdin.readline()
outer({COUNT}); gc.collect()
print("done", flush=True)
sys.stdin.readline()
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("probes.c", tmp_path_factory.mktemp("workload"))


def trace(program: Path, probe: str, **params: str) -> tuple[list[dict[str, Any]], int]:
    """The rows of a run that saw all of the workload, and how often that found its semaphore raised."""
    params = {"probe": f"{program}:{probe}", **params}
    with running(program, COUNT) as work, Run("usdt", params, Filters(pid=work.pid)) as run:
        assert not run.first.end.message
        work.go()
        assert work.process.stdout
        raised = int(work.process.stdout.readline())
        run.stop()
        run.wait()
        run.check_books()
        assert run.lost() == {}
        return run.rows(), raised


def semaphore(work: Workload) -> int:
    work.go()
    assert work.process.stdout
    return int(work.process.stdout.readline())


@contextmanager
def python() -> Iterator[Workload]:
    work = Workload([PYTHON, "-S", "-c", SCRIPT])
    try:
        yield work
    finally:
        work.process.kill()
        work.process.wait()


def trace_python(**params: str) -> list[dict[str, Any]]:
    with python() as work, Run("usdt", params, Filters(pid=work.pid)) as run:
        assert not run.first.end.message
        work.go()
        assert work.process.stdout and work.process.stdout.readline() == b"done\n"
        run.stop()
        run.wait()
        run.check_books()
        return run.rows()


@pytest.mark.proves("values")
def test_numbers_in_registers_constants_and_memory(program: Path) -> None:
    ((row,), _) = trace(program, "workload:numbers")
    values = [row[f"arg{position}"] for position in range(1, 11)]
    assert values == [-128, 255, -(2**15), 2**16 - 1, -5, 3, -(2**63), 4242, -77, 13]


@pytest.mark.proves("rows")
def test_a_probe_of_several_places_has_the_operands_of_each(program: Path) -> None:
    rows, _ = trace(program, "workload:twice")
    assert [row["arg1"] for row in rows] == list(range(COUNT))
    assert {row["probe"] for row in rows} == {"workload:twice"}


def test_passes_alone(program: Path) -> None:
    rows, _ = trace(program, "workload:twice", args="_")
    assert len(rows) == COUNT
    assert not [name for name in rows[0] if name.startswith("arg")]


@pytest.mark.proves("names")
def test_strings_and_names_of_a_persons_choice(program: Path) -> None:
    rows, _ = trace(program, "workload:text", args="name:str,number:s32")
    seen = [(row["name"], row["name_read"], row["number"]) for row in rows]
    assert seen == [(b"\xff name", WHOLE, 1), (b"", NULL, 2)]


def test_the_semaphore_is_raised_while_the_run_lasts(program: Path) -> None:
    rows, raised = trace(program, "workload:guarded")
    assert [row["arg1"] for row in rows] == list(range(COUNT))
    assert raised == COUNT
    _, raised = trace(program, "workload:plain")
    assert raised == 0


def test_several_probes_with_different_arguments(program: Path) -> None:
    rows, _ = trace(program, "workload:*")
    assert Counter(row["probe"] for row in rows) == {
        "workload:numbers": 1,
        "workload:twice": COUNT,
        "workload:plain": COUNT,
        "workload:guarded": COUNT,
        "workload:text": 2,
    }
    plain = next(row for row in rows if row["probe"] == "workload:plain")
    assert {plain[f"arg{position}"] for position in range(1, 11)} == {0}


def test_nothing_is_left_raised_when_the_runner_is_killed(program: Path) -> None:
    """The kernel counts a place in the code, not those who trace it."""
    params = {"probe": f"{program}:workload:guarded"}
    with running(program, COUNT, "watch") as work, closing(Run("usdt", params, Filters(pid=work.pid))) as run:
        assert semaphore(work) == 0
        run.start()
        assert semaphore(work) == 1
        with Run("usdt", params, Filters(pid=work.pid)) as second:
            assert semaphore(work) == 1
            second.stop()
        assert semaphore(work) == 1
        assert run.process
        run.process.kill()
        run.process.wait()
        while run.fds:
            os.close(run.fds.pop())
        assert semaphore(work) == 0


def test_functions_of_a_python_program() -> None:
    """Python 3.11 looks for its function probes only where its probe for lines is on."""
    rows = trace_python(probe=f"{PYTHON}:python:*n*", args="file:str,function:str,line:s32")
    own = [row for row in rows if row["file"] == b"<string>" and row["probe"] == "python:function__entry"]
    assert Counter(row["function"] for row in own) == {b"inner": COUNT, b"outer": 1, b"<listcomp>": 1}
    assert {row["line"] for row in own if row["function"] == b"outer"} == {5}


@pytest.mark.proves("long")
def test_a_name_of_4000_bytes_is_whole() -> None:
    name = "x" * 4000
    before = f"exec('def {name}(): pass')\ncall = {name}"
    params = {"probe": f"{PYTHON}:python:*n*", "args": "file:str,function:str,line:s32"}
    with workload("statements.py", before, "call()", program=PYTHON) as target:
        traced = trace_running("usdt", target, params)
    found = [row for row in traced.rows if row["probe"] == "python:function__entry" and row["file"] == b"<string>"]
    assert [(row["function"], row["function_read"]) for row in found] == [(name.encode(), WHOLE)]


def test_all_files_of_a_process() -> None:
    rows = trace_python(probe="*:python:gc__*")
    assert Counter(row["probe"] for row in rows) == {"python:gc__start": 1, "python:gc__done": 1}


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"probe": f"{PYTHON}:python:nothing"}, "no USDT probe of .* matches python:nothing; it has python:audit, "),
        ({"probe": "c:*:*"}, "libc.so.6 has no USDT probes"),
        ({"probe": f"{PYTHON}:python:gc__done", "args": "a:s32,b:s32"}, "has 1 arguments, so there is none for b"),
        ({"probe": f"{PYTHON}:python:gc__done", "args": "probe:s32"}, "every row has a probe of its own already"),
    ],
)
def test_what_cannot_be_traced_is_refused_in_one_line(params: dict[str, str], message: str) -> None:
    with Run("usdt", params, Filters(comm="nobody")) as run:
        run.wait()
        assert run.end.cause == stream_pb2.END_CAUSE_FAILED
        assert re.search(message, run.end.message)
        assert "\n" not in run.end.message


@pytest.mark.proves("threads", "children", "namespaces", "names")
def test_both_threads_of_children_that_die_at_once_one_in_a_pid_namespace_of_its_own() -> None:
    before = "import gc\ngc.disable()\ndef act(): gc.collect(1)"
    params = {"probe": f"{PYTHON}:python:gc__start", "args": "generation:s32"}
    children = trace_children("usdt", before, params, threads=True, python=PYTHON)
    check_threads(children)
    assert [(row["pid"], row["generation"]) for row in children.rows] == [(pid, 1) for pid in children.acts]

"""The other tools from the command line to stored rows: what each counts is what its workload did."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.stack import Stack
from tests.workloads.compiled import build, running
from tests.workloads.durations import own_times
from tests.workloads.spawn import Workload

pytestmark = pytest.mark.kernel


def rows_of(stack: Stack, *start: str, work: Callable[[], None]) -> list[dict[str, Any]]:
    """Stored rows of a session that saw all of the work and was then stopped."""
    session = stack.detach(*start, "--duration", "60s")
    work()
    stack.command("stop", session)
    ended = stack.wait_state(session, "ended")
    assert ended["books"] == "complete", ended["books_message"]
    lines = stack.command("export", session, "--format", "ndjson", "-o", "-").stdout.splitlines()
    return [json.loads(line) for line in lines]


def read_until_done(work: Workload) -> list[bytes]:
    assert work.process.stdout
    lines = []
    while (line := work.process.stdout.readline().strip()) != b"done":
        assert line or work.process.poll() is None
        lines.append(line)
    return lines


def test_execsnoop_shows_every_argument_and_every_failure(stack: Stack) -> None:
    arguments = ["/bin/true", *(f"argument-{number}" for number in range(39)), "x" * 8192]

    def start_programs() -> None:
        for _ in range(7):
            subprocess.run(arguments, check=True)
        with pytest.raises(FileNotFoundError):
            subprocess.run(["/no/such/program", "--help"], check=True)

    rows = rows_of(stack, "execsnoop", "--ppid", str(os.getpid()), work=start_programs)
    ours = [row for row in rows if row["args"][0] in ("/bin/true", "/no/such/program")]
    assert [row["args"] for row in ours] == [*[arguments] * 7, ["/no/such/program", "--help"]]
    assert [row["err"] for row in ours] == [*[0] * 7, 2]
    assert {row["ppid"] for row in ours} == {os.getpid()}


def test_syscount_equals_the_workloads_counts(stack: Stack, tmp_path: Path) -> None:
    with running(build("calls.c", tmp_path), 100_003, 10_007, 101) as busy:

        def make_calls() -> None:
            busy.go()
            read_until_done(busy)

        rows = rows_of(stack, "syscount", "--pid", str(busy.pid), work=make_calls)
    calls: Counter[str] = Counter()
    for row in rows:
        calls[row["syscall"]] += row["calls"]
    assert (calls["getppid"], calls["close"], calls["nanosleep"]) == (100_003, 10_007, 101)


def test_funclatency_agrees_with_the_functions_own_clock(stack: Stack, tmp_path: Path) -> None:
    program = build("durations.c", tmp_path)
    said: list[bytes] = []
    with running(program, 5) as busy:

        def take_time() -> None:
            busy.go()
            said.extend(read_until_done(busy))

        params = ["--param", f"function={program}:timed", "--pid", str(busy.pid)]
        rows = rows_of(stack, "funclatency", *params, work=take_time)
    slots: Counter[int] = Counter()
    for row in rows:
        slots[row["slot"]] += row["calls"]
    own_times(said).check(slots)
    assert {row["function"] for row in rows} == {"timed"}


def test_profile_finds_the_chain_and_its_shares(stack: Stack, tmp_path: Path) -> None:
    with running(build("chain.c", tmp_path), 4) as busy:
        params = ["--param", "frequency=997", "--pid", str(busy.pid)]
        session = stack.detach("profile", *params, "--duration", "60s")
        busy.go()
        busy.finish()
    stack.wait_state(session, "ended")
    folded = stack.command("export", session, "--format", "folded", "-o", "-").stdout.decode().splitlines()
    samples = {stack_text: int(count) for stack_text, count in (line.rsplit(" ", 1) for line in folded)}
    left, right = (
        sum(count for stack_text, count in samples.items() if f"main;chain_outer;chain_{side};spin" in stack_text)
        for side in ("left", "right")
    )
    assert left / (left + right) == pytest.approx(0.30, abs=0.03)
    assert left + right > 0.9 * sum(samples.values())

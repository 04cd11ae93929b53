"""Functions that are told apart without bpf_get_attach_cookie, as before Linux 5.15."""

from __future__ import annotations

import os
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from agent.runner.copies import MAX_FUNCTIONS, with_answer
from proto.v1 import stream_pb2
from proto.v1.agent_pb2 import Filters
from tests.agent.runner import harness
from tests.agent.runner.harness import Run
from tests.workloads.compiled import build, running

CALLS = {"by_left": 503, "by_right": 301}
CALL = bytes.fromhex("85 00 0000 ae000000")  # bpf_get_attach_cookie()
EXIT = bytes.fromhex("95 00 0000 00000000")


def test_only_the_call_is_replaced_by_its_answer() -> None:
    other = bytes.fromhex("85 00 0000 0e000000")  # bpf_get_current_pid_tgid()
    assert with_answer(other + CALL + EXIT, 7) == other + bytes.fromhex("b7 00 0000 07000000") + EXIT
    unaligned = b"\0\0\0\0" + CALL + b"\0\0\0\0"
    assert with_answer(unaligned, 7) == unaligned


@pytest.fixture
def old_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(harness, "_spawn", partial(harness._spawn, module="tests.agent.runner.old_kernel"))


@pytest.mark.kernel
@pytest.mark.usefixtures("old_kernel")
@pytest.mark.parametrize(("tool", "count"), [("funccount", "calls"), ("funclatency", "calls"), ("stackcount", "calls")])
def test_functions_are_told_apart(tmp_path: Path, tool: str, count: str) -> None:
    program = build("functions.c", tmp_path)
    with (
        running(program, *CALLS.values()) as work,
        Run(tool, {"function": f"{program}:by_*"}, Filters(pid=work.pid)) as run,
    ):
        assert run.first.schema.variant == "uprobes", run.end
        work.go()
        assert work.process.stdout and work.process.stdout.readline()
        run.stop()
        run.wait()
        run.check_books()
        assert (run.end.cause, run.lost()) == (stream_pb2.END_CAUSE_STOPPED, {}), run.end
        found: Counter[str] = Counter()
        for row in run.rows():
            found[row["function"]] += row[count]
    assert found == {name: 2 * calls for name, calls in CALLS.items()}


@pytest.mark.kernel
@pytest.mark.usefixtures("old_kernel")
def test_more_functions_than_can_have_a_copy_are_refused() -> None:
    with Run("funccount", {"function": "c:*str*"}, Filters(pid=os.getpid())) as run:
        run.wait()
        assert f"functions match, and before Linux 5.15 at most {MAX_FUNCTIONS} can be told apart" in run.end.message

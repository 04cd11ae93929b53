"""Instructions of one's own run, and a probe on one of them is hit by every call."""

from __future__ import annotations

import os

import pytest

from agent.kernel.bpf_syscall import enable_stats, prog_stats
from agent.kernel.own_code import OwnCode
from agent.runner.compiler import AttachError, Compiled, program_types
from bpf.program import Program

pytestmark = pytest.mark.kernel
CALLS = 307


def test_every_call_of_the_instruction_with_the_probe_is_a_hit(headers: str) -> None:
    code = OwnCode(b"\xc3\x90\xc3", "x86_64")
    compiled = Compiled(Program("int on_call(void *ctx) { return 0; }\n", []), headers)
    statistics, program = enable_stats(), compiled.load("on_call", program_types()["kprobe"])
    held = list(code.attach(program, 1))
    for place in (0, 1):
        function = code.function(place)
        for _ in range(CALLS):
            function()
    assert prog_stats(program).run_cnt == CALLS
    for descriptor in (*(number for one in held for number in (one.link, one.event)), program, statistics):
        os.close(descriptor)
    compiled.close()


def test_another_machine_does_not_run_it() -> None:
    with pytest.raises(AttachError, match="of another"):
        OwnCode(b"", "another")

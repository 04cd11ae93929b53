"""The controls of what test_residue.py looks for in every tool: the kernel takes such programs, and names the calls."""

from __future__ import annotations

import os

import pytest

from agent.kernel.bpf_syscall import prog_stats
from agent.runner import compiler
from agent.runner.compiler import AttachError, program_types
from agent.runner.scan import ACTING
from tests.agent.runner.test_compiler import compiled
from tests.agent.runner.xlated import calls

pytestmark = pytest.mark.kernel

FUNCTION = "tracepoint__syscalls__sys_enter_getppid"
TEXT = "TRACEPOINT_PROBE(syscalls, sys_enter_getppid) {{ {call}; return 0; }}\n"
INJECTED = {
    "bpf_send_signal": "bpf_send_signal(9)",
    "bpf_send_signal_thread": "bpf_send_signal_thread(9)",
}


@pytest.mark.parametrize("name", INJECTED)
def test_what_acts_is_refused_by_the_loader_alone(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is attached: the program never runs."""
    module = compiled(TEXT.format(call=INJECTED[name]))
    with pytest.raises(AttachError, match=rf"{FUNCTION} calls {name}, .* never loaded"):
        module.load(FUNCTION, program_types()["tracepoint"])
    monkeypatch.setattr(compiler, "_check_calls", lambda *_: None)
    program = module.load(FUNCTION, program_types()["tracepoint"])
    assert calls([prog_stats(program).id]) & set(ACTING.values()) == {name}
    os.close(program)
    module.close()


def test_what_overrides_a_call_is_refused_by_the_loader() -> None:
    """Whatever this kernel would say of it."""
    module = compiled("int on_call(struct pt_regs *ctx) { bpf_override_return(ctx, 0); return 0; }\n")
    with pytest.raises(AttachError, match=r"on_call calls bpf_override_return, .* never loaded"):
        module.load("on_call", program_types()["kprobe"])
    module.close()

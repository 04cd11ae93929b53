"""Compiling and loading, and what is said when it fails."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from agent.kernel.headers import ensure_headers
from agent.runner import compiler
from agent.runner.compiler import AttachError, Compiled, program_types
from bpf.program import Program
from tests.agent.runner.harness import HEADERS_CACHE

pytestmark = pytest.mark.kernel

COUNTS = 'BPF_ARRAY(counts, u64, 4);\n#line 1 "mytool/probe.bpf.c"\n'
PROBE = "TRACEPOINT_PROBE(syscalls, sys_enter_getppid) { int i = INDEX; counts.increment(i); return 0; }\n"
LOOP = "int on_timer(void *ctx) { volatile int i = 0; while (1) i++; return 0; }\n"


def compiled(text: str, *flags: str) -> Compiled:
    return Compiled(Program(text, list(flags)), str(ensure_headers(HEADERS_CACHE)))


def test_programs_and_maps_outlive_the_compiler() -> None:
    module = compiled(COUNTS + PROBE, "-DINDEX=2")
    program = module.load("tracepoint__syscalls__sys_enter_getppid", program_types()["tracepoint"])
    counts = module.map_fd("counts")
    with pytest.raises(KeyError, match="no map nothing"):
        module.map_fd("nothing")
    module.close()
    for descriptor in (program, counts):
        assert str(Path(f"/proc/self/fd/{descriptor}").readlink()).startswith("anon_inode:bpf-")
        os.close(descriptor)


def test_a_module_may_lie_anywhere_in_memory() -> None:
    """What a thread makes lies far above 4 GiB, where half an address means something else."""
    with ThreadPoolExecutor(1) as pool:
        module = pool.submit(compiled, COUNTS + PROBE, "-DINDEX=2").result()
    assert "counts" in module.map_names().values()
    module.close()


def test_a_compile_error_is_one_line_with_its_true_place(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(AttachError) as caught:
        compiled(COUNTS + "\n\nint broken(void *ctx) { return nothing; }\n")
    assert str(caught.value).startswith("the probe does not compile: mytool/probe.bpf.c line 3: use of undeclared")
    assert "\n" not in str(caught.value)
    print("still heard", file=sys.stderr)
    assert capfd.readouterr().err == "still heard\n"


def test_a_refusal_of_the_verifier_names_program_and_reason() -> None:
    module = compiled(COUNTS + LOOP)
    with pytest.raises(AttachError, match=r"the kernel refused on_timer: .*infinite loop"):
        module.load("on_timer", program_types()["perf_event"])
    module.close()


def test_a_program_that_is_not_there_is_an_error() -> None:
    module = compiled(COUNTS + PROBE, "-DINDEX=0")
    with pytest.raises(AttachError, match="the kernel refused nothing"):
        module.load("nothing", program_types()["tracepoint"])
    module.close()


def test_without_btf_nothing_is_compiled_against_strange_headers() -> None:
    with pytest.raises(AttachError, match="no BTF"):
        Compiled(Program(PROBE, []), "")


def test_what_the_verifier_said_last_is_the_reason() -> None:
    log = "bpf: Failed to load program: Invalid argument\n; int on_call\ninvalid func unknown#174\nprocessed 9 insns"
    assert compiler._load_message("on_call", log) == (
        "the kernel refused on_call: Invalid argument: invalid func unknown#174"
    )


@pytest.mark.parametrize("call", ["bpf_send_signal(9)", "bpf_probe_write_user((void *)8, &word, sizeof(word))"])
def test_a_program_that_does_more_than_look_is_not_loaded(call: str) -> None:
    text = f"TRACEPOINT_PROBE(syscalls, sys_enter_getppid) {{ u64 word = 0; {call}; return 0; }}\n"
    module = compiled(text)
    function = "tracepoint__syscalls__sys_enter_getppid"
    with pytest.raises(AttachError, match=rf"{function} calls {call.partition('(')[0]}, .* never loaded"):
        module.load(function, program_types()["tracepoint"])
    with pytest.raises(AttachError, match="never loaded"):
        module.load_code(function, program_types()["tracepoint"], module.instructions(function))
    module.close()

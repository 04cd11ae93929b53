"""What a run loaded is told once: the text as compiled, the bytecode, or why it was refused."""

from __future__ import annotations

import os
import struct

import pytest

from agent.kernel.headers import ensure_headers
from agent.runner.compiler import AttachError, Compiled, program_types
from agent.runner.listing import LOAD_MAP, Loaded, refused
from bpf.program import Program
from proto import listing
from proto.v1 import tool_pb2
from proto.v1.agent_pb2 import Filters
from tests.agent.runner.harness import HEADERS_CACHE, Run
from tests.workloads.spawn import workload

pytestmark = pytest.mark.kernel

PROBE = """\
BPF_ARRAY(other, u64, 4);
BPF_ARRAY(counts, u64, 4);
TRACEPOINT_PROBE(syscalls, sys_enter_getppid) { int i = 1; counts.increment(i); other.increment(i); return 0; }
"""
FUNCTION = "tracepoint__syscalls__sys_enter_getppid"
LOOP = "int on_timer(void *ctx) { volatile int i = 0; while (1) i++; return 0; }\n"


def listed(text: str) -> bytes:
    program = Program(text, ["-DX=1"])
    compiled = Compiled(program, str(ensure_headers(HEADERS_CACHE)))
    os.close(compiled.load(FUNCTION, program_types()["tracepoint"]))
    loaded = Loaded.of(program, compiled)
    loaded.add(FUNCTION, tool_pb2.PROBE_TYPE_TRACEPOINT, compiled.instructions(FUNCTION))
    compiled.close()
    return loaded.packed()


def test_the_same_program_is_the_same_bytes_whatever_descriptors_it_was_made_with() -> None:
    first = listed(PROBE)
    held = [os.dup(0) for _ in range(7)]
    assert listed(PROBE) == first
    for descriptor in held:
        os.close(descriptor)


def test_instructions_name_maps_by_their_place() -> None:
    found = listing.unpack(listed(PROBE))
    assert (found.source, list(found.switches)) == (PROBE, ["-DX=1"])
    instructions = list(struct.iter_unpack("<BBhi", found.functions[0].code))
    loads = [immediate for opcode, registers, _, immediate in instructions if (opcode, registers >> 4) == LOAD_MAP]
    assert {found.maps[place] for place in loads} == {"counts", "other"}


def test_a_run_tells_its_program_after_its_first_word() -> None:
    with (
        workload("open_paths.py", 1, 1, "/nonexistent/listed-") as busy,
        Run("opensnoop", filters=Filters(pid=busy.pid)) as run,
    ):
        assert not run.first.listing
        run.stop()
        run.wait()
    (packed,) = [update.listing for update in run.updates if update.listing]
    found = listing.unpack(packed)
    assert "struct opens {" in found.source and f"-DFS_PID={busy.pid}ULL" in found.switches
    assert {function.name for function in found.functions} >= {"tracepoint__syscalls__sys_enter_openat"}


def test_a_refused_program_is_told_with_what_the_verifier_said() -> None:
    program = Program(LOOP, [])
    compiled = Compiled(program, str(ensure_headers(HEADERS_CACHE)))
    with pytest.raises(AttachError) as caught:
        compiled.load("on_timer", program_types()["perf_event"])
    compiled.close()
    caught.value.program = program
    found = listing.unpack(refused(caught.value))
    assert found.source == LOOP
    assert "infinite loop detected" in found.log and len(found.log.splitlines()) > 3


def test_what_failed_before_there_was_a_program_has_no_listing() -> None:
    assert refused(OSError("no such process")) == b""
    assert refused(AttachError("no BTF")) == b""


def test_a_long_log_keeps_its_end() -> None:
    error = AttachError("too large", "x" * listing.LOG_MAX + "the reason")
    error.program = Program("int x;", [])
    log = listing.unpack(refused(error)).log
    assert log.startswith("[cut") and log.endswith("the reason")

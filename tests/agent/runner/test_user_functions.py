"""Functions are attached to as one, and what takes no probe is left out."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from agent.kernel.bpf_syscall import enable_stats, prog_stats
from agent.kernel.first_instruction import emulated
from agent.kernel.functions import Function, find_functions
from agent.kernel.headers import ensure_headers
from agent.runner.attach import AttachError, Attachment, Request, attach, choose_variant
from agent.runner.user_functions import found_text
from bpf.catalog import ROOT, load_tool
from proto.v1 import tool_pb2 as pb
from proto.v1.agent_pb2 import Filters
from tests.agent.runner.harness import HEADERS_CACHE, Run
from tests.workloads.compiled import build, running

pytestmark = pytest.mark.kernel


def attached(function: str) -> Attachment:
    entry = load_tool(ROOT / "funccount")
    headers = str(ensure_headers(HEADERS_CACHE))
    request = Request(entry, {"function": function, "by": "function"}, Filters(pid=os.getpid()), headers)
    return attach(request, choose_variant(entry.tool, ""))


def test_one_that_takes_no_probe_does_not_keep_the_others_from_theirs() -> None:
    held = attached("c:pthread_spin_*")
    try:
        left = {held.functions[index].name for index in held.left_out}
        assert left == {"pthread_spin_lock"}
        assert len(held.functions) > 2
        (libc,) = {function.file for function in held.functions}
        assert found_text(held) == f"{len(held.functions) - 1} functions of {libc}"
        assert held.variant.loses == "the kernel cannot put a probe on the first instruction of pthread_spin_lock"
    finally:
        held.close()


def test_nothing_left_is_a_refusal() -> None:
    with pytest.raises(AttachError, match="nothing is left to trace: the kernel cannot put a probe on the first"):
        attached("c:pthread_spin_lock")


def test_an_error_names_the_file_as_people_know_it() -> None:
    with pytest.raises(AttachError, match=r"no function of /.*/libc.so.6 matches nothing_here"):
        attached("c:nothing_here")


def test_what_was_found_is_counted_for_people() -> None:
    one, other = Function("a", "/proc/1/map_files/1-2", 0, file="/lib/x.so"), Function("b", "/lib/y.so", 0)
    variant = pb.Variant(probes=[pb.Probe(type=pb.PROBE_TYPE_USDT)])
    assert found_text(Attachment(pb.Variant())) == ""
    assert found_text(Attachment(pb.Variant(), functions=[one])) == "1 function of /lib/x.so"
    assert found_text(Attachment(variant, functions=[one, one])) == "2 places of /lib/x.so"
    assert found_text(Attachment(pb.Variant(), functions=[one, other])) == "2 functions of 2 files"
    assert found_text(Attachment(pb.Variant(), functions=[one, other], left_out={0})) == "1 function of /lib/y.so"


def test_hits_are_counted_apart_by_what_they_cost(tmp_path: Path) -> None:
    """One pattern, functions that begin with a push and others: the budget prices each with its own."""
    program = build("functions.c", tmp_path)
    target, statistics = f"{program}:*", enable_stats()
    with running(program, 307, 211) as work, Run("funccount", {"function": target}, Filters(pid=work.pid)) as run:
        work.go()
        assert int(work.finish()) > 0  # it has made its last call
        hits = {kind: prog_stats(held).run_cnt for held, kind in zip(run.fds[1:], run.program_types, strict=True)}
        run.stop()
        run.wait()
        run.check_books()
        rows = run.rows()
    os.close(statistics)
    calls: Counter[int] = Counter()
    for function in find_functions(target, -1):
        cheap = emulated(function.path, [function.offset]) == [True]
        kind = pb.PROBE_TYPE_UPROBE_EMULATED if cheap else pb.PROBE_TYPE_UPROBE
        calls[kind] += sum(row["calls"] for row in rows if row["function"] == function.name)
    assert min(calls.values()) >= 2 * (307 + 211)
    assert {kind: hits[kind] for kind in calls} == calls

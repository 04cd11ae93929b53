"""Functions are attached to as one, and what takes no probe is left out."""

from __future__ import annotations

import os

import pytest

from agent.kernel.headers import ensure_headers
from agent.runner.attach import AttachError, Attachment, Request, attach, choose_variant
from bpf.catalog import ROOT, load_tool
from proto.v1.agent_pb2 import Filters
from tests.agent.runner.harness import HEADERS_CACHE

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
        assert held.variant.loses == "the kernel cannot put a probe on the first instruction of pthread_spin_lock"
    finally:
        held.close()


def test_nothing_left_is_a_refusal() -> None:
    with pytest.raises(AttachError, match="nothing is left to trace: the kernel cannot put a probe on the first"):
        attached("c:pthread_spin_lock")


def test_an_error_names_the_file_as_people_know_it() -> None:
    with pytest.raises(AttachError, match=r"no function of /.*/libc.so.6 matches nothing_here"):
        attached("c:nothing_here")

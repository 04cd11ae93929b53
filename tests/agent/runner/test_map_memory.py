"""The kernel's own word on what maps take."""

from __future__ import annotations

import os

import pytest

from agent.kernel.headers import ensure_headers
from agent.runner.attach import Request, attach, choose_variant
from agent.runner.compiler import AttachError
from agent.runner.map_memory import check_memory, memory_bytes
from bpf.catalog import ROOT, load_tool
from bpf.manifest import parse_params
from proto.v1.agent_pb2 import Filters
from tests.agent.runner.harness import HEADERS_CACHE

pytestmark = pytest.mark.kernel
MIB = 1 << 20


def request(map_bytes: int) -> Request:
    entry = load_tool(ROOT / "opensnoop")
    headers = str(ensure_headers(HEADERS_CACHE))
    values = parse_params(entry.tool, {})
    return Request(entry, values, Filters(pid=os.getpid()), headers, buffer=16 * MIB, map_bytes=map_bytes)


def test_a_run_whose_maps_need_more_than_the_host_allows_is_refused_before_it_is_loaded() -> None:
    asked = request(8 * MIB)
    with pytest.raises(AttachError, match=r"its maps need \d\d MiB of kernel memory, 1\d of them .*`limits.map_bytes`"):
        attach(asked, choose_variant(asked.entry.tool, ""))


def test_a_run_within_its_bounds_is_attached_and_takes_what_its_rings_take() -> None:
    asked = request(1024 * MIB)
    held = attach(asked, choose_variant(asked.entry.tool, ""))
    try:
        assert memory_bytes(held.maps.values()) >= sum(held.ring_bytes.values())
    finally:
        held.close()


def test_0_is_no_limit() -> None:
    check_memory({}, 0)
    check_memory({}, 1)

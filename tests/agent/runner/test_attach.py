"""From a tool to running probes: all of it or nothing."""

from __future__ import annotations

import os
import time
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

from agent.kernel.bpf_syscall import read_percpu_u64
from agent.kernel.headers import ensure_headers
from agent.runner import attach as runner_attach
from agent.runner.attach import AttachError, Request, attach, choose_variant, ring_sizes
from bpf.catalog import ROOT, load_tool
from bpf.params import parse_params
from proto.v1.agent_pb2 import Filters
from proto.v1.tool_pb2 import Variant
from tests.agent.runner.harness import HEADERS_CACHE

MIB = 1024 * 1024


def request(tool: str, filters: Filters, **params: str) -> Request:
    entry = load_tool(ROOT / tool)
    return Request(entry, parse_params(entry.tool, params), filters, headers=str(ensure_headers(HEADERS_CACHE)))


def open_descriptors() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir()}


@pytest.mark.kernel
def test_while_held_events_are_counted_and_after_closing_nothing_is_open() -> None:
    before = open_descriptors()
    asked = request("opensnoop", Filters(pid=os.getpid()))
    held = attach(asked, choose_variant(asked.entry.tool, ""))
    for _ in range(11):
        Path("/nonexistent/x").exists()
        with pytest.raises(OSError, match="No such file"):
            os.open("/nonexistent/x", os.O_RDONLY)
    assert read_percpu_u64(held.maps["fs_counters"], 0) >= 11
    held.detach()
    seen = read_percpu_u64(held.maps["fs_counters"], 0)
    with pytest.raises(OSError, match="No such file"):
        os.open("/nonexistent/x", os.O_RDONLY)
    assert read_percpu_u64(held.maps["fs_counters"], 0) == seen
    held.close()
    assert open_descriptors() == before


@pytest.mark.kernel
def test_a_hundred_functions_are_detached_in_the_time_of_one() -> None:
    asked = request("funclatency", Filters(pid=os.getpid()), function="c:str*")
    held = attach(asked, choose_variant(asked.entry.tool, ""))
    assert len(held.functions) > 50
    assert len(held.probes) == 5, "entry and return of what begins with a push and of the others, and the hook on forks"
    start = time.monotonic()
    held.close()
    assert time.monotonic() - start < 0.035 * len(held.functions), "one by one each takes 40 ms and more"


@pytest.mark.kernel
def test_where_nobody_knows_whether_it_is_safe_no_user_function_is_probed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The version and the mode are the host's own everywhere else; only they are played here."""
    asked = request("gethostlatency", Filters(pid=os.getpid()))
    variant = choose_variant(asked.entry.tool, "")
    monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(release="6.13.0", machine="x86_64"))
    for mode, refused in [("unknown", True), ("full", True), ("voluntary", False)]:
        monkeypatch.setattr(runner_attach, "preemption", lambda mode=mode: mode)
        before = open_descriptors()
        with pytest.raises(AttachError, match="could crash this kernel") if refused else nullcontext():
            attach(asked, variant).close()
        assert open_descriptors() == before


@pytest.mark.kernel
def test_a_probe_that_cannot_be_attached_takes_the_others_with_it() -> None:
    before = open_descriptors()
    asked = request("opensnoop", Filters(pid=os.getpid()))
    variant = Variant()
    variant.CopyFrom(asked.entry.tool.variants[0])
    variant.probes[-1].target = "syscalls:sys_exit_nothing"
    variant.probes[-1].optional = False
    with pytest.raises(AttachError, match="the kernel refused tracepoint__syscalls__sys_exit_nothing"):
        attach(asked, variant)
    assert open_descriptors() == before


@pytest.mark.kernel
def test_functions_are_known_by_their_cookie() -> None:
    asked = request("funclatency", Filters(pid=os.getpid()), function="c:getpp*")
    held = attach(asked, choose_variant(asked.entry.tool, ""))
    assert [function.name for function in held.functions] == ["getppid"]
    held.close()


def test_a_variant_is_chosen_by_name_or_the_first_is() -> None:
    tool = load_tool(ROOT / "opensnoop").tool
    assert choose_variant(tool, "").name == choose_variant(tool, "syscalls").name == "syscalls"
    with pytest.raises(AttachError, match="it has syscalls"):
        choose_variant(tool, "kprobe")


def test_rings_are_large_and_small_hosts_get_smaller_ones() -> None:
    names = {"a_64": 128, "a_256": 320, "a_4096": 4160}
    assert list(ring_sizes(names, 64 << 30).values()) == [32 * MIB, 16 * MIB, 8 * MIB]
    small = ring_sizes(names, 1 << 30)
    assert sum(small.values()) <= 16 * MIB
    assert small["a_64"] >= small["a_256"] >= small["a_4096"] >= MIB
    assert list(ring_sizes(names, 1 << 20).values()) == [MIB, MIB, MIB]
    assert all(size & (size - 1) == 0 for size in small.values())


def test_a_ring_is_as_large_as_asked_for_or_as_a_limited_rate_needs() -> None:
    names = {"a_64": 128, "a_4096": 4160}
    assert list(ring_sizes(names, 64 << 30, asked=128 * MIB).values()) == [128 * MIB, 64 * MIB]
    assert list(ring_sizes(names, 64 << 30, asked=64 * 1024).values()) == [64 * 1024, 64 * 1024]
    assert list(ring_sizes(names, 64 << 30, rate=10).values()) == [MIB, MIB]
    assert list(ring_sizes(names, 64 << 30, rate=1000).values()) == [4 * MIB, 4 * MIB]
    assert list(ring_sizes(names, 64 << 30, rate=10**6).values()) == [32 * MIB, 16 * MIB]
    assert sum(ring_sizes(names, 1 << 30, asked=1 << 30).values()) <= 16 * MIB

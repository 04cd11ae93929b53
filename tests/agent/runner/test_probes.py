"""Attaching: only descriptors, and errors that name the probe."""

from __future__ import annotations

import ctypes
import errno
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.kernel.functions import find_functions
from agent.kernel.headers import ensure_headers
from agent.runner import probes
from agent.runner.compiler import AttachError, Compiled, program_types
from agent.runner.map_access import lookup_map
from bpf.program import Program
from tests.agent.runner.harness import HEADERS_CACHE
from tests.workloads.compiled import build, running

pytestmark = pytest.mark.kernel

TEXT = """
#include <uapi/linux/ptrace.h>
BPF_ARRAY(hits, u64, 8);
static __always_inline int hit(int index)
{
    if (bpf_get_current_pid_tgid() >> 32 == PID)
        hits.atomic_increment(index);
    return 0;
}
TRACEPOINT_PROBE(syscalls, sys_enter_getpid) { return hit(0); }
RAW_TRACEPOINT_PROBE(sys_enter) { return hit(1); }
int on_timer(void *ctx) { return hit(2); }
int on_function(void *ctx) { return hit(bpf_get_attach_cookie(ctx)); }
"""


class Loaded:
    def __init__(self) -> None:
        self.module = Compiled(Program(TEXT, [f"-DPID={os.getpid()}"]), str(ensure_headers(HEADERS_CACHE)))
        self.hits_fd = self.module.map_fd("hits")

    def program(self, name: str, kind: str) -> int:
        return self.module.load(name, program_types()[kind])

    def hits(self, index: int) -> int:
        return int.from_bytes(lookup_map(self.hits_fd, index.to_bytes(4, "little"), 8) or b"", "little")


@pytest.fixture
def loaded() -> Iterator[Loaded]:
    made = Loaded()
    yield made
    made.module.close()
    os.close(made.hits_fd)


def close(held: probes.Held) -> None:
    os.close(held.link)
    if held.event >= 0:
        os.close(held.event)


def check_counts(loaded: Loaded, index: int, held: probes.Held, work: Callable[[], object], least: int = 5) -> None:
    """Counts while attached, and not after the link alone is closed."""
    before = loaded.hits(index)
    for _ in range(5):
        work()
    counted = loaded.hits(index) - before
    os.close(held.link)
    time.sleep(0.01)
    settled = loaded.hits(index)
    work()
    assert loaded.hits(index) == settled
    if held.event >= 0:
        os.close(held.event)
    assert counted >= least


def test_a_tracepoint(loaded: Loaded) -> None:
    program = loaded.program("tracepoint__syscalls__sys_enter_getpid", "tracepoint")
    check_counts(loaded, 0, probes.attach_tracepoint(program, "syscalls:sys_enter_getpid"), os.getpid)


def test_where_perf_events_have_no_links_the_event_alone_holds_the_program(
    loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As before Linux 5.15, which does not know the attach type and says so."""

    def unknown(_: object) -> int:
        ctypes.set_errno(errno.EINVAL)
        return -1

    monkeypatch.setattr(probes, "_bpf_link_create", unknown)
    program = loaded.program("tracepoint__syscalls__sys_enter_getpid", "tracepoint")
    held = probes.attach_tracepoint(program, "syscalls:sys_enter_getpid")
    assert held.event == -1
    check_counts(loaded, 0, held, os.getpid)


def test_a_raw_tracepoint(loaded: Loaded) -> None:
    program = loaded.program("raw_tracepoint__sys_enter", "raw_tracepoint")
    check_counts(loaded, 1, probes.attach_raw_tracepoint(program, "sys_enter"), os.getpid)


def test_a_timer_on_every_cpu(loaded: Loaded) -> None:
    def busy() -> None:
        end = time.monotonic() + 0.1
        while time.monotonic() < end:
            pass

    program = loaded.program("on_timer", "perf_event")
    held = [probes.attach_timer(program, 199, cpu) for cpu in probes.online_cpus()]
    assert len(held) == os.cpu_count()
    busy()
    assert loaded.hits(2) > 0
    for one in held:
        close(one)


def test_functions_of_a_library_with_their_index(loaded: Loaded) -> None:
    function = find_functions("c:getppid", -1)[0]
    program = loaded.program("on_function", "kprobe")
    for first, pid, at_return in ((0, os.getpid(), False), (1, -1, True)):
        places = probes.Places(function.path, [function.offset], first)
        (held,) = probes.attach_user_functions(program, places, pid, at_return=at_return)
        check_counts(loaded, first, held, os.getppid)


@pytest.mark.parametrize("at_return", [False, True])
def test_functions_at_once_are_told_apart_and_detached_together(loaded: Loaded, at_return: bool) -> None:
    names = ("getppid", "getpgid")
    offsets = [find_functions(f"c:{name}", -1)[0].offset for name in names]
    places = probes.Places(find_functions("c:getppid", -1)[0].path, offsets)
    program = loaded.module.load("on_function", program_types()["kprobe"], probes.UPROBE_MULTI)
    held = probes.attach_user_functions_at_once(program, places, os.getpid(), at_return=at_return)
    os.getppid()
    os.getpgid(0)
    os.getpgid(0)
    assert [loaded.hits(index) for index in (0, 1)] == [1, 2]
    check_counts(loaded, 0, held, os.getppid)


def test_a_function_of_one_process_is_left_alone_in_others(loaded: Loaded, tmp_path: Path) -> None:
    function = find_functions("c:getppid", -1)[0]
    with running(build("burst.c", tmp_path), 1) as other:
        places = probes.Places(function.path, [function.offset])
        program = loaded.program("on_function", "kprobe")
        (held,) = probes.attach_user_functions(program, places, other.pid, at_return=False)
        os.getppid()
        assert loaded.hits(0) == 0
        close(held)


def test_a_place_that_another_tracer_holds_in_its_own_way_is_refused_with_the_reason(
    loaded: Loaded, tmp_path: Path
) -> None:
    program = loaded.program("on_function", "kprobe")
    (function,) = find_functions(f"{build('functions.c', tmp_path)}:leaf", -1)
    (other,) = probes.attach_user_functions(
        program, probes.Places(function.path, [function.offset], counters=[6]), -1, at_return=False
    )
    with pytest.raises(AttachError, match="Invalid argument; another tracer, like one of bcc-tools, may hold the same"):
        list(
            probes.attach_user_functions(program, probes.Places(function.path, [function.offset]), -1, at_return=False)
        )
    close(other)
    os.close(program)


@pytest.mark.parametrize(
    ("attach", "message"),
    [
        (
            lambda p: probes.attach_tracepoint(p, "syscalls:sys_enter_nothing"),
            "tracepoint syscalls:sys_enter_nothing: this kernel has none",
        ),
        (lambda p: probes.attach_raw_tracepoint(p, "nothing"), "raw tracepoint nothing: No such file"),
        (
            lambda p: list(probes.attach_user_functions(p, probes.Places("/nowhere", [1]), -1, at_return=False)),
            "/nowhere.0x1: No such file",
        ),
    ],
)
def test_what_is_not_there_is_named(loaded: Loaded, attach: Callable[[int], object], message: str) -> None:
    program = loaded.program("raw_tracepoint__sys_enter", "raw_tracepoint")
    with pytest.raises(AttachError, match=f"cannot attach to {message}"):
        attach(program)


def test_kernel_functions_are_refused_with_the_reason_where_the_kernel_has_no_such_probes(loaded: Loaded) -> None:
    if Path("/sys/bus/event_source/devices/kprobe").exists():
        held = probes.attach_kernel_function(loaded.program("on_function", "kprobe"), "vfs_read", at_return=False)
        assert held.link >= 0
        close(held)
        return
    with pytest.raises(AttachError, match="kernel function vfs_read: this kernel was built without kprobes"):
        probes.attach_kernel_function(loaded.program("on_function", "kprobe"), "vfs_read", at_return=False)


def test_tracepoints_are_known_without_trying() -> None:
    assert probes.has_tracepoint("syscalls:sys_enter_openat")
    assert not probes.has_tracepoint("syscalls:sys_enter_nothing")

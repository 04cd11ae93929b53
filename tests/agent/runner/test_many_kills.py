"""Runners that attach and are killed, again and again: the kernel has nothing of them, and the next one can attach.

The kernel has room for 65,536 named events for probes, so whatever left one behind each time would end that road for
everybody on the host; ``--cases 70000`` goes beyond that.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator

import pytest

from agent.kernel.functions import find_functions
from agent.kernel.headers import ensure_headers
from agent.runner import probes
from agent.runner.compiler import Compiled, program_types
from agent.runner.map_access import lookup_map
from agent.warden.sweep import TRACEFS
from bpf.program import Program
from tests.agent.runner.harness import HEADERS_CACHE
from tests.e2e.processes import perf_attached
from tests.waiting import wait_for

pytestmark = pytest.mark.kernel

SHORT = 100
TEXT = """
#include <uapi/linux/ptrace.h>
BPF_ARRAY(hits, u64, 1);
int on_function(void *ctx)
{
    if (bpf_get_current_pid_tgid() >> 32 == PID)
        hits.atomic_increment(0);
    return 0;
}
"""


@pytest.fixture
def times(pytestconfig: pytest.Config) -> int:
    return int(pytestconfig.getoption("--cases")) or SHORT


@pytest.fixture
def compiled() -> Iterator[Compiled]:
    made = Compiled(Program(TEXT, [f"-DPID={os.getpid()}"]), str(ensure_headers(HEADERS_CACHE)))
    yield made
    made.close()


def killed(work: Callable[[], object]) -> int:
    """The pid of a process that did the work and was killed at it."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            work()
            os.write(write, b"x")
            signal.pause()
        finally:
            os._exit(1)
    os.close(write)
    done = os.read(read, 1)
    os.close(read)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert done, "it ended before it was killed"
    return pid


def named_events() -> str:
    return "".join((TRACEFS / name).read_text() for name in ("uprobe_events", "dynamic_events"))


@pytest.mark.parametrize("at_once", [False, True])
def test_whoever_attached_to_a_function_and_was_killed_is_no_burden(
    compiled: Compiled, times: int, at_once: bool
) -> None:
    (function,) = find_functions("c:getppid", -1)
    places = probes.Places(function.path, [function.offset])
    kind = probes.UPROBE_MULTI if at_once else 0
    program = compiled.load("on_function", program_types()["kprobe"], kind)
    hits = compiled.map_fd("hits")

    def attach() -> list[probes.Held]:
        if at_once:
            return [probes.attach_user_functions_at_once(program, places, os.getpid(), at_return=False)]
        return list(probes.attach_user_functions(program, places, os.getpid(), at_return=False))

    before, others = named_events(), perf_attached()
    for _ in range(times):
        killed(attach)
    assert named_events() == before
    wait_for(lambda: perf_attached() <= others, 20, "no program of theirs attached")
    held = attach()
    for _ in range(5):
        os.getppid()
    counted = int.from_bytes(lookup_map(hits, bytes(4), 8) or b"", "little")
    for one in held:
        os.close(one.link)
        if one.event >= 0:
            os.close(one.event)
    os.close(hits)
    assert counted == 5

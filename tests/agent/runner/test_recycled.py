"""The number of a target goes to another user's process, and to the next, and so on: nothing of them is counted.

The runner sleeps meanwhile, so only the kernel's side can tell them apart. ``--cases 1000``: so many times.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack

import pytest

from agent.kernel.counters import read_counters
from proto.v1 import stream_pb2
from proto.v1.agent_pb2 import Exclusions, Filters, RunUpdate
from tests.agent.runner.harness import Run
from tests.waiting import wait_for
from tests.workloads.groups import spawn_as
from tests.workloads.spawn import workload

pytestmark = pytest.mark.kernel

SHORT = 10
WORK = """
for _ in range(211):
    file = os.open("/etc/hostname", os.O_RDONLY)
    os.read(file, 100)
    os.close(file)
os.spawnvp(os.P_WAIT, "true", ["true"])
end = time.monotonic() + 0.3
while time.monotonic() < end: pass
time.sleep(0.01)
"""
NOBODY = "65534"
PATH = "/nonexistent/fleetscope/after"
# Opens, reads, writes, forks, runs programs, sleeps and ends, all as somebody else.
ANOTHER = ["/usr/bin/setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "/bin/sh", "-c"]
DOES = f"cat /etc/hostname {PATH} >/dev/null 2>&1; read line < /etc/hostname; sleep 0.001; true"

BY: dict[str, Callable[[int], Filters]] = {
    "pid": lambda pid: Filters(pid=pid),
    "family": lambda pid: Filters(pid=pid, follow=True),
    "tid": lambda pid: Filters(tid=pid),
    "ppid": lambda pid: Filters(ppid=pid),
}
CASES: list[tuple[str, str, Mapping[str, str]]] = [
    *(("opensnoop", by, {}) for by in BY),
    ("syscount", "pid", {}),
    ("exitsnoop", "pid", {}),
    ("runqlat", "pid", {}),
    ("offcputime", "pid", {}),
    ("filetop", "pid", {}),
    ("tracepoint", "pid", {"tracepoint": "syscalls:sys_enter_openat"}),
    ("uprobe", "pid", {"function": "c:read"}),
    ("profile", "pid", {}),
]


def seen(run: Run) -> int:
    return read_counters(run.fds[0], []).seen


def settled(run: Run) -> int:
    """Of a target that has ended: the scheduler may be about to switch away from it for the last time."""
    found = [-1]

    def still() -> bool:
        found.append(seen(run))
        time.sleep(0.05)
        return found[-1] == found[-2]

    wait_for(still, 20, "a count that stands still")
    return found[-1]


def take_over(pid: int) -> None:
    """Let another process have the number from its birth to its end."""
    spawn_as(pid, [*ANOTHER, DOES])
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0


@pytest.mark.parametrize(("tool", "by", "params"), CASES, ids=[f"{tool}-{by}" for tool, by, _ in CASES])
def test_nothing_of_those_that_get_the_number_is_counted(
    tool: str, by: str, params: Mapping[str, str], pytestconfig: pytest.Config
) -> None:
    with workload("statements.py", "import os, time", WORK) as target:
        run = Run(tool, params, BY[by](target.pid))
        with run:
            assert run.first.state == RunUpdate.STATE_ATTACHED, run.end.message
            assert run.process
            run.process.send_signal(signal.SIGSTOP)
            target.go()
            target.finish()
            before = settled(run)
            assert before, "the target itself is not counted"
            for _ in range(pytestconfig.getoption("--cases") or SHORT):
                take_over(target.pid)
            assert settled(run) == before
            run.process.send_signal(signal.SIGCONT)
            run.wait()
            assert run.end.cause == stream_pb2.END_CAUSE_TARGET_EXITED
            assert run.ledger.seen == before


def test_whoever_gets_the_number_of_one_that_was_left_out_is_shown() -> None:
    with ExitStack() as stack:
        target = stack.enter_context(workload("statements.py", "import os, time", WORK))
        left_out = Filters(uid=int(NOBODY), exclude=Exclusions(pid=[target.pid]))
        run = stack.enter_context(Run("opensnoop", filters=left_out))
        target.go()
        target.finish()
        take_over(target.pid)
        wait_for(lambda: seen(run) > 0, 20, "events of the new process")
        run.stop()
        run.wait()
        assert any(row["path"] == PATH.encode() for row in run.rows())

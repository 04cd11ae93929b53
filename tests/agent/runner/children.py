"""One run of a tool on children that die at once, the last of them in a pid namespace of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proto.v1.agent_pb2 import Filters, RunUpdate
from tests.agent.runner.harness import Run
from tests.workloads.spawn import workload

CHILDREN = 53
# Each child is killed before its parent goes on. Numbers are those that the parent sees: the host's.
_THEN = f"""
import ctypes, os
def child():
    pid = os.fork()
    if not pid:
        try: act()
        finally: os.kill(os.getpid(), 9)
        os._exit(0)
    print(pid)
    os.waitpid(pid, 0)
for _ in range({CHILDREN - 1}): child()
assert ctypes.CDLL(None).unshare(0x20000000) == 0  # CLONE_NEWPID: of the children from now on
child()
"""


def trace_children(
    tool: str, before: str, params: Mapping[str, str] | None = None
) -> tuple[list[int], list[dict[str, Any]]]:
    """Pids and rows, of which nothing may be lost. ``before`` defines what each child does: ``act()``.

    The first process of a pid namespace cannot kill itself: there the child ends on its own.
    """
    with (
        workload("statements.py", before, _THEN) as target,
        Run(tool, params, Filters(ppid=target.pid)) as run,
    ):
        assert run.first.state == RunUpdate.STATE_ATTACHED, run.end.message
        target.go()
        pids = [int(line) for line in target.finish().split()]
        run.stop()
        run.wait()
        run.check_books()
        lost = run.lost()
        assert lost.pop("unseen", 0) <= run.ledger.blind
        assert lost == {}
        assert len(pids) == CHILDREN
        return pids, run.rows()

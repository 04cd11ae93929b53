"""One run of a tool on children that die at once, the last of them in a pid namespace of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from proto.v1.agent_pb2 import Filters, RunUpdate
from tests.agent.runner.harness import Run
from tests.workloads.spawn import workload

CHILDREN = 53
# No UTF-8, and as long as a name can be.
NAME = b"\xff\xfe n\xc3\xa4me-\x80 long"
# Each child is killed before its parent goes on. Numbers are those that the parent sees: the host's.
_THEN = """
import ctypes, os, threading
def act_in_each():
    act()
    if THREADS:
        thread = threading.Thread(target=act); thread.start(); thread.join()
def child():
    pid = os.fork()
    if not pid:
        try: act_in_each()
        finally: os.kill(os.getpid(), 9)
        os._exit(0)
    print(pid)
    os.waitpid(pid, 0)
with open("/proc/self/comm", "wb") as comm: comm.write(NAME)
for _ in range(CHILDREN - 1): child()
assert ctypes.CDLL(None).unshare(0x20000000) == 0  # CLONE_NEWPID: of the children from now on
child()
"""


class Children(NamedTuple):
    """``hidden``: how many events the kernel may have kept back, by the books."""

    pids: list[int]
    rows: list[dict[str, Any]]
    hidden: int

    @property
    def acts(self) -> list[int]:
        """Of both threads: the pid of each."""
        return [pid for pid in self.pids for _ in range(2)]


def trace_children(
    tool: str,
    before: str,
    params: Mapping[str, str] | Callable[[int], Mapping[str, str]] | None = None,
    *,
    threads: bool = False,
    filters: Filters | None = None,
    python: str = sys.executable,
) -> Children:
    """Nothing may be lost. ``before`` defines what each child does: ``act()``. With ``threads``
    a second thread of each child does it, too. All are called ``NAME``. The run is on the children, unless ``filters``
    say otherwise; ``params`` may follow from the pid of their parent.

    The first process of a pid namespace cannot kill itself: there the child ends on its own.
    """
    then = f"NAME, CHILDREN, THREADS = {NAME!r}, {CHILDREN}, {threads}\n{_THEN}"
    with (
        workload("statements.py", before, then, program=python) as target,
        Run(tool, params(target.pid) if callable(params) else params, filters or Filters(ppid=target.pid)) as run,
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
        rows, hidden = run.rows(), run.ledger.blind
    assert {row["comm"] for row in rows if "comm" in row and row.get("pid") in pids} <= {NAME}
    return Children(pids, rows, hidden)


def check_threads(children: Children) -> None:
    """Each child has rows of two threads: its first, which has the number of the process, and another."""
    numbers: dict[int, set[int]] = {pid: set() for pid in children.pids}
    for row in children.rows:
        numbers[row["pid"]].add(row["tid"])
    assert all(len(found - {pid}) <= 1 for pid, found in numbers.items())
    assert 2 * CHILDREN - sum(map(len, numbers.values())) <= children.hidden, numbers

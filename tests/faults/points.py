"""Where processes are killed, and what the disks must look like at that moment for the kill to have hit."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from uuid import UUID

from tests.faults.counted import Counted
from tests.faults.freeze import Call, Side
from tests.faults.proof import heads


@dataclass(frozen=True, slots=True)
class Disks:
    """Events in batches on the host's and on the server's disk, of those the workload has made; and what the server
    says is stored. A batch that is written but not yet synced counts: the page cache survives a process."""

    made: int
    spooled: int
    stored: int
    told: int


def look(traced: Counted) -> Disks:
    spooled = [head for path in sorted(traced.spool.glob("*.frames")) for head in heads(path)]
    stored = [head for path in sorted(traced.stored.glob("*.seg")) for head in heads(path)]
    return Disks(traced.opened, sum(head.rows for head in spooled), sum(head.rows for head in stored), _told(traced))


def _told(traced: Counted) -> int:
    """What the server would answer, from its database: a server that is held may answer nobody."""
    database = f"file:{traced.stack.data / 'server/fleetscope.sqlite3'}?mode=ro"
    with closing(sqlite3.connect(database, uri=True, timeout=20)) as connection:
        found = connection.execute("SELECT rows FROM tracing_run WHERE id = ?", [UUID(traced.run).hex])
        return int(found.fetchone()[0])


@dataclass(frozen=True, slots=True)
class Point:
    """``hit``: what shows that the process stands there. ``lost``: the events of the batch at hand go with it, and are
    declared. ``short``: also in the short form. ``files``: only calls on the run's files of one disk count.
    """

    name: str
    module: str
    call: str
    side: Side
    hit: Callable[[Disks], bool]
    files: str = ""
    lost: bool = False
    short: bool = False

    def at(self, traced: Counted, number: int) -> Call:
        folder = {"": None, "spool": traced.spool, "stored": traced.stored}[self.files]
        paths = tuple(sorted(path for path in folder.iterdir() if path.suffix != ".pb")) if folder else ()
        return Call(self.call, self.side, number, paths)


def not_spooled(disks: Disks) -> bool:
    return disks.spooled < disks.made


def spooled(disks: Disks) -> bool:
    """On the host's disk and not on the server's."""
    return disks.made == disks.spooled > disks.stored


def stored(disks: Disks) -> bool:
    """On both disks."""
    return disks.made == disks.spooled == disks.stored


def untold(disks: Disks) -> bool:
    """Stored, and the server has not yet counted it: so it cannot have acknowledged it either."""
    return stored(disks) and disks.told < disks.stored


POINTS = [
    Point("before-write", "agent.runner", "write", "before", not_spooled, "spool", lost=True, short=True),
    Point("before-sync", "agent.runner", "fdatasync", "before", spooled, "spool"),
    Point("after-sync", "agent.runner", "fdatasync", "after", spooled, "spool", short=True),
    Point("after-telling", "agent.runner", "sendmsg", "after", stored),
    Point("before-send", "agent.link", "sendmsg", "before", spooled, short=True),
    Point("after-send", "agent.link", "sendmsg", "after", stored, short=True),
    Point("before-passing-an-ack-on", "agent.link", "sendto", "before", stored),
    Point("after-passing-an-ack-on", "agent.link", "sendto", "after", stored),
    Point("before-announcing-a-batch", "agent.cli", "sendto", "before", spooled, short=True),
    Point("after-announcing-a-batch", "agent.cli", "sendto", "after", stored),
    Point("before-write", "server", "write", "before", spooled, "stored"),
    Point("before-sync", "server", "fdatasync", "before", untold, "stored"),
    Point("after-commit-before-ack", "server", "fdatasync", "after", untold, "stored", short=True),
    Point("before-ack", "server", "sendmsg", "before", stored),
    Point("after-ack", "server", "sendmsg", "after", stored),
]

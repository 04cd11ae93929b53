"""How one tool is measured: what the workload does, how often, and how the tool is told about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from proto.v1.agent_pb2 import Filters
from tests.workloads.paced import Paced

Start = Callable[[Path], AbstractContextManager[Paced]]
FORKS, SWITCHES = frozenset({"fs_on_fork", "fs_on_free"}), frozenset({"sched_switch"})
Rates = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """What a run is told: of the workload, or of another process while the workload goes on beside."""

    params: Mapping[str, str]
    filters: Filters


def by_pid(work: Paced, _: int) -> Target:
    return Target({}, Filters(pid=work.pid))


def by_parent(work: Paced, _: int) -> Target:
    return Target({}, Filters(ppid=work.pid))


def another(_: Paced, idle: int) -> Target:
    """``idle``: a process that does nothing."""
    return Target({}, Filters(pid=idle))


def another_parent(_: Paced, idle: int) -> Target:
    return Target({}, Filters(ppid=idle))


@dataclass(frozen=True, slots=True)
class Case:
    """``unit``: what is counted, in the plural; ``each``: one of it, as a sentence begins; ``about``: more of it.

    ``target`` and ``beside`` get the workload and, the first, the rate, the second the pid of an idle process;
    ``beside`` is None where a run that does not mean the workload would not be measured alone.
    ``per_step``: how many of the unit a step of the workload is. ``by_tool``: the unit is what the tool counts itself.
    ``hits``: runs of the tool's programs for one of the unit, where others of the machine hit them all the time too;
    0: as the kernel counts them.
    ``for_host``: programs of the tool that run for whatever the host does; what they cost is told apart.
    ``apart``: the rate is one of the tool's, so each needs a run of its own, and the workload goes as fast as it can.
    ``uncharged``: what the tool adds is not charged to the workload's CPU time, or is too little of it.
    """

    tool: str
    unit: str
    each: str
    rates: Rates
    start: Start
    target: Callable[[Paced, int], Target] = by_pid
    beside: Callable[[Paced, int], Target] | None = another
    about: str = ""
    per_step: int = 1
    seconds: float = 1
    hits: int = 0
    for_host: frozenset[str] = FORKS | SWITCHES
    by_tool: bool = False
    apart: bool = False
    uncharged: bool = False

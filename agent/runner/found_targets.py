"""From the filters that a person wrote to the very processes and control groups that they mean on this host now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from agent.kernel.cgroups import CONTROLLERS, Group
from agent.kernel.containers import Container
from agent.kernel.processes import Process, all_processes, descendants, find_process, find_thread, process_uid
from agent.kernel.workloads import Place, Workloads
from bpf.program import GROUP_EXCLUDED, GROUP_FILTERS, NO_GROUPS, Groups
from proto.text import escape
from proto.v1 import tool_pb2 as pb
from proto.v1.agent_pb2 import Exclusions, Filters, ResolvedGroup, ResolvedProcess, ResolvedTargets

PIDS_MAX = 100
PIDS_SEARCHED = 2000
RECORD_BYTES_MAX = 256 * 1024
PIDS_LISTED = ("pid", "tid", "ppid")
PID_NAMESPACE = Path("/proc/self/ns/pid")
# PROC_PID_INIT_INO of linux/proc_ns.h
INITIAL_PID_NAMESPACE = 0xEFFFFFFC


class TargetError(LookupError):
    """The filters mean nothing on this host. The text is one line for people."""


@dataclass(frozen=True, slots=True)
class WantedProcess:
    filter: str
    process: Process
    excluded: bool


@dataclass(frozen=True, slots=True)
class WantedGroup:
    filter: str
    group: Group
    container: Container | None
    excluded: bool

    @property
    def bits(self) -> int:
        return GROUP_EXCLUDED if self.excluded else GROUP_FILTERS[self.filter]


@dataclass(frozen=True, slots=True)
class FoundTargets:
    """``children``: of a process that is followed, as it was when this was found out; only for the records, which list
    nobody of ``excluded_uids`` nor of ``hidden_pids``."""

    processes: list[WantedProcess] = field(default_factory=list)
    groups: list[WantedGroup] = field(default_factory=list)
    children: list[int] = field(default_factory=list)
    excluded_uids: frozenset[int] = frozenset()
    hidden_pids: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.processes or self.groups)

    @property
    def selection(self) -> Groups:
        if not self.groups:
            return NO_GROUPS
        controllers = {found.group.hierarchy.controller for found in self.groups}
        levels = frozenset(found.group.level for found in self.groups if not found.group.hierarchy.controller)
        return Groups(levels, next((CONTROLLERS[name] for name in controllers if name), ""))

    def pids(self, filters: Filters) -> list[int]:
        """Of processes whose files are the ones to look functions up in. -1: the host's. Raises TargetError."""
        if filters.HasField("pid"):
            return [filters.pid]
        groups = [found.group for found in self.groups if not found.excluded]
        pids = sorted({pid for group in groups for pid in group.pids()})
        if len(pids) > PIDS_SEARCHED:
            raise TargetError(
                f"{len(pids)} processes run there, and functions are looked up in at most {PIDS_SEARCHED}; "
                "choose one with the filter pid"
            )
        if groups and not pids:
            raise TargetError("no process runs there whose files could be looked at for functions")
        return pids or [-1]

    def message(self) -> ResolvedTargets:
        """For the records of host and server."""
        return ResolvedTargets(
            processes=[_process_message(found, self._listed(self.children)) for found in self.processes],
            groups=[_group_message(found, self._listed(found.group.pids())) for found in self.groups],
        )

    def _listed(self, pids: list[int]) -> list[int]:
        shown = [pid for pid in pids if pid not in self.hidden_pids]
        if self.excluded_uids:
            shown = [pid for pid in shown if process_uid(pid) not in self.excluded_uids]
        return shown[:PIDS_MAX]


def find_targets(filters: Filters, workloads: Workloads | None = None, hidden_pids: Iterable[int] = ()) -> FoundTargets:
    """Raises TargetError naming what there is instead, also for a group in which no process runs."""
    here = workloads or Workloads()
    try:
        processes = [*_processes(filters, excluded=False), *_processes(filters.exclude, excluded=True)]
        if processes:
            check_pid_namespace()
        places = [*_places(filters, here, excluded=False), *_places(filters.exclude, here, excluded=True)]
    except LookupError as error:
        raise TargetError(str(error)) from error
    children = _children(filters) if filters.follow else []
    nobody = frozenset(filters.exclude.uid), frozenset(hidden_pids)
    found = FoundTargets(processes, _in_common_hierarchies(places), children, *nobody)
    if found.message().ByteSize() > RECORD_BYTES_MAX:
        raise TargetError(
            f"the filters mean {len(found.groups)} control groups and {len(found.processes)} processes here, more than "
            "fits on record; name fewer"
        )
    return found


def check_sockets(tool: pb.Tool, found: FoundTargets) -> None:
    """Raises TargetError where rows are about sockets: the kernel keeps no v1 control group with them."""
    if tool.task == pb.TASK_MEANING_SOCKET and found.selection.controller:
        raise TargetError(
            f"{tool.name} knows a socket's control group only in cgroup v2, and what you named is in cgroup v1 here; "
            "filter by uid, port or network namespace"
        )


def check_pid_namespace(link: Path = PID_NAMESPACE) -> None:
    """Raises TargetError where the kernel knows processes by other numbers than people see."""
    if link.stat().st_ino != INITIAL_PID_NAMESPACE:
        raise TargetError(
            "this agent runs in a pid namespace of its own, so the kernel knows processes by other numbers than it; "
            "start it in the host's (in a container: --pid=host), or filter by name, user or container"
        )


def _children(filters: Filters) -> list[int]:
    return sorted(descendants({filters.pid}, [(process.pid, process.ppid) for process in all_processes()]))


def _processes(filters: Filters | Exclusions, *, excluded: bool) -> Iterator[WantedProcess]:
    for name in PIDS_LISTED:
        for number in _values(filters, name):
            find = find_thread if name == "tid" else find_process
            yield WantedProcess(name, find(int(number)), excluded)


Named = tuple[str, Place, bool]


def _places(filters: Filters | Exclusions, here: Workloads, *, excluded: bool) -> Iterator[Named]:
    for value in _values(filters, "container"):
        yield "container", here.container(str(value)), excluded
    for value in _values(filters, "pod"):
        yield from (("pod", place, excluded) for place in here.pod(str(value)))
    for value in _values(filters, "unit"):
        yield from (("unit", place, excluded) for place in here.unit(str(value)))
    for value in _values(filters, "cgroup"):
        yield "cgroup", here.group(int(value)), excluded


def _values(filters: Filters | Exclusions, name: str) -> list[int | str]:
    if isinstance(filters, Exclusions):
        return list(getattr(filters, name))
    return [getattr(filters, name)] if filters.HasField(name) else []


def _in_common_hierarchies(places: Iterable[Named]) -> list[WantedGroup]:
    """cgroup v2 for all that are there; the others in one v1 hierarchy that has them all."""
    named = list(places)
    old = [place for _, place, _ in named if place.groups[0].hierarchy.controller]
    shared = [name for name in CONTROLLERS if all(_in(place, name) for place in old)]
    if old and not shared:
        raise TargetError("the control groups lie in different v1 hierarchies; name one of them at a time")
    controller = shared[0] if old else ""
    return [
        WantedGroup(name, _in(place, "") or _in(place, controller) or place.groups[0], place.container, excluded)
        for name, place, excluded in named
    ]


def _in(place: Place, controller: str) -> Group | None:
    return next((group for group in place.groups if group.hierarchy.controller == controller), None)


def _process_message(found: WantedProcess, children: list[int]) -> ResolvedProcess:
    process = found.process
    return ResolvedProcess(
        filter=found.filter,
        pid=process.pid,
        tid=process.tid,
        comm=escape(process.comm),
        started_ticks=process.started_ticks,
        excluded=found.excluded,
        children=children if found.filter == "pid" and not found.excluded else [],
    )


def _group_message(found: WantedGroup, pids: list[int]) -> ResolvedGroup:
    container, names = found.container, found.container.names if found.container else None
    return ResolvedGroup(
        filter=found.filter,
        cgroup=found.group.id,
        path=escape(found.group.path.encode("utf-8", "surrogateescape")),
        controller=found.group.hierarchy.controller,
        container=container.id if container else "",
        runtime=container.runtime if container else "",
        name=names.name if names else "",
        image=names.image if names else "",
        pod=names.pod if names else "",
        namespace=names.namespace if names else "",
        excluded=found.excluded,
        pids=pids,
    )

"""Tells the probes whom a run is about: fills the maps of bpf/include/filter.h. Imports bcc."""

from __future__ import annotations

import os
import struct
from collections import defaultdict
from collections.abc import Iterable, Mapping

from agent.kernel.processes import all_processes, descendants
from agent.runner.found_targets import FoundTargets
from agent.runner.map_access import update_map
from bpf.params import COMM_MAX
from proto.v1.agent_pb2 import Filters

MAPS = (
    "fs_comm_wanted", "fs_not_comms", "fs_skip_pids", "fs_not", "fs_groups", "fs_family", "fs_births", "fs_state",
    "fs_hidden_files", "fs_hidden", "fs_hidden_paths", "fs_hidden_full",
)  # fmt: skip
_SKIP, _SKIP_FAMILY = b"\1", b"\2"
_KINDS = {"tid": 1, "uid": 2, "ppid": 3}
_GROUP, _BITS = struct.Struct("=QQ"), struct.Struct("=I")


def hooks(maps: Mapping[str, int]) -> dict[str, str]:
    """Programs that keep the maps true, with the raw tracepoints that they are on."""
    found = {"fs_on_fork": "sched_process_fork"}
    if "fs_family" in maps or "fs_hidden" in maps:
        found["fs_on_free"] = "sched_process_free"
    if "fs_hidden" in maps:
        found["fs_on_exec"] = "sched_process_exec"
    if "fs_hidden_paths" in maps:
        found["fs_on_mkdir"] = "cgroup_mkdir"
    return found


def fill(maps: Mapping[str, int], filters: Filters, found: FoundTargets) -> None:
    """Raises OSError."""
    if filters.HasField("comm"):
        update_map(maps["fs_comm_wanted"], bytes(4), _comm(filters.comm))
    for comm in filters.exclude.comm:
        update_map(maps["fs_not_comms"], _comm(comm), b"\1")
    for name, kind in _KINDS.items():
        for number in getattr(filters.exclude, name):
            update_map(maps["fs_not"], (kind << 32 | number).to_bytes(8, "little"), b"\1")
    for key, bits in _group_bits(found).items():
        update_map(maps["fs_groups"], key, _BITS.pack(bits))


def fill_skipped(maps: Mapping[str, int], filters: Filters, families: Iterable[int], own: Iterable[int]) -> None:
    """The hook on forks must be attached already. ``families``: not skipped when the filters name one of them. Raises
    OSError."""
    if "fs_skip_pids" not in maps:
        return
    for pid in filters.exclude.pid:
        update_map(maps["fs_skip_pids"], pid.to_bytes(4, "little"), _SKIP)
    for pid in {*own, os.getpid()}:
        update_map(maps["fs_skip_pids"], pid.to_bytes(4, "little"), _SKIP_FAMILY)
    _skip_families(maps["fs_skip_pids"], set(families), filters.pid)


def _skip_families(skipped: int, roots: set[int], asked: int) -> None:
    """Complete when it returns: what one that is in the map forks comes into it at once."""
    if asked in roots | _children(roots):
        return
    found, new = set[int](), roots
    while new:
        for pid in new:
            update_map(skipped, pid.to_bytes(4, "little"), _SKIP_FAMILY)
        found |= new
        new = _children(found)


def _children(members: set[int]) -> set[int]:
    return descendants(members, ((process.pid, process.ppid) for process in all_processes())) if members else set()


def _group_bits(found: FoundTargets) -> dict[bytes, int]:
    bits: dict[bytes, int] = defaultdict(int)
    for named in found.groups:
        bits[_GROUP.pack(named.group.id, bool(named.group.hierarchy.controller))] |= named.bits
    return bits


def _comm(name: str) -> bytes:
    return name.encode()[:COMM_MAX].ljust(COMM_MAX + 1, b"\0")

"""Keeps from a run whom this host's policy never traces: fills the maps of bpf/include/filter.h. Imports bcc."""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Mapping

from agent.kernel import hidden as kernel
from agent.kernel.hidden import HiddenError
from agent.runner.found_targets import FoundTargets, TargetError
from agent.runner.map_access import delete_map, insert_map, lookup_map, update_map
from bpf.program import GROUP_EXCLUDED, Groups
from proto.v1.agent_pb2 import Hidden

PATH_BYTES = 256  # FS_PATH_BYTES of bpf/include/filter.h
FULL = "more processes are hidden on this host than there is room for; ask its owner about `never_trace`"
_FILE, _GROUP, _BITS, _FIRST = struct.Struct("=QQ"), struct.Struct("=QQ"), struct.Struct("=I"), bytes(4)
_ANY_START = bytes(8)


class Hiding:
    """What of the policy's list is on this host when the run starts."""

    def __init__(self, listed: Hidden, found: FoundTargets) -> None:
        """Raises TargetError, also when the filters name what is never traced."""
        self._listed = listed
        try:
            self._tree = kernel.unified() if listed.cgroups else None
            self._files = {path: kernel.kernel_file(path) for path in listed.binaries}
            self._root = kernel.host_root()  # until the process ends, with fewer rights by then
            self._seen = {path: kernel.identity(path, self._root) for path in listed.binaries}
        except HiddenError as error:
            raise TargetError(str(error)) from error
        for named in found.groups:
            if not named.excluded and kernel.within(named.group, listed):
                raise TargetError(
                    f"this host's policy never traces the control group {named.group.path}; its owner can change "
                    "`never_trace.cgroups`"
                )

    @property
    def defines(self) -> list[str]:
        return [
            *(["FS_HIDDEN_FILES=1"] if self._listed.binaries else []),
            *(["FS_HIDDEN_PATHS=1"] if self._tree else []),
        ]

    def selection(self, wanted: Groups) -> Groups:
        """With the levels at which hidden control groups lie or may come to lie."""
        levels = {path.strip("/").count("/") + 1 for path in self._listed.cgroups}
        return dataclasses.replace(wanted, levels=wanted.levels | levels)

    def prepare(self, maps: Mapping[str, int]) -> None:
        """Before the hooks are attached, which need it. Raises OSError."""
        for path in self._listed.cgroups:
            update_map(maps["fs_hidden_paths"], path.encode().ljust(PATH_BYTES, b"\0"), b"\1")
        for file in filter(None, self._files.values()):
            update_map(maps["fs_hidden_files"], _FILE.pack(file.inode, file.device), b"\1")

    def fill(self, maps: Mapping[str, int]) -> None:
        """With who is there already; the hooks must be attached, and no probe. Raises OSError."""
        if self._tree:
            for group in kernel.groups(self._listed, self._tree):
                update_map(maps["fs_groups"], _GROUP.pack(group.id, 0), _BITS.pack(GROUP_EXCLUDED))
        if self._listed.binaries:
            for pid in kernel.hidden_pids(Hidden(binaries=self._listed.binaries)):
                key = pid.to_bytes(4, "little")
                if insert_map(maps["fs_hidden"], key, _ANY_START) and not kernel.runs_hidden(pid, self._listed):
                    delete_map(maps["fs_hidden"], key)  # it has ended or runs another program by now

    def over(self, maps: Mapping[str, int]) -> str:
        """Why the run must end; empty: what was found at its start still holds."""
        if "fs_hidden_full" in maps and any(lookup_map(maps["fs_hidden_full"], _FIRST, 8) or b"\1"):
            return FULL
        for path, seen in self._seen.items():
            if kernel.identity(path, self._root) != seen:
                return f"{path}, which this host's policy never traces, was put there or replaced; start again"
        return ""

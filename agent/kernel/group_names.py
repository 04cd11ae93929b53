"""Containers by the number of a control group, as events carry it: looked up once for each group, by the kernel's own
handle of its folder, so that nothing is searched. Groups of cgroup v2 only: BPF knows a task's by no other.
"""

from __future__ import annotations

import ctypes
import os
import struct
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from agent.kernel.cgroups import Hierarchy, hierarchies
from agent.kernel.container_names import Naming
from agent.kernel.containers import Container, container_of

KNOWN_MAX = 4096
NAMELESS_SECONDS = 5.0
GONE = "?"
# FILEID_KERNFS of linux/exportfs.h, whose handle is the group's number (Linux 5.5).
_HANDLE = struct.Struct("=IiQ")
_HANDLE_BYTES, _FILEID_KERNFS = 8, 0xFE

_libc = ctypes.CDLL(None, use_errno=True)


class GroupNames:
    """Needs CAP_DAC_READ_SEARCH. Holds ``KNOWN_MAX`` groups; when there are more it begins anew."""

    def __init__(
        self,
        trees: Sequence[Hierarchy] | None = None,
        naming: Naming | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        found = hierarchies() if trees is None else trees
        self._root = next((str(tree.root) for tree in found if not tree.controller), None)
        self._naming = naming or Naming()
        self._clock = clock
        self._known: dict[int, str] = {}
        self._again: dict[int, float] = {}

    def container(self, group: int) -> str:
        """Empty outside of containers and for 0, ``GONE`` when the group was removed before anybody asked."""
        if not group:
            return ""
        if group not in self._known or self._clock() > self._again.get(group, float("inf")):
            if len(self._known) >= KNOWN_MAX:
                self._known.clear()
                self._again.clear()
            self._known[group] = self._look(group)
        return self._known[group]

    def _look(self, group: int) -> str:
        path = self._path(group)
        if path is None:
            return self._known.get(group, GONE)
        found = container_of(path, self._naming)
        if found is None:
            return ""
        self._ask_again(group, found)
        return found.text

    def _ask_again(self, group: int, found: Container) -> None:
        """An engine may write down the name of a container after it has started it."""
        if found.names:
            self._again.pop(group, None)
        else:
            self._naming.forget()
            self._again[group] = self._clock() + NAMELESS_SECONDS

    def _path(self, group: int) -> str | None:
        """Below the hierarchy's root; None when there is no such group any more."""
        if self._root is None:
            return ""
        root = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            folder = _open_by_number(root, group)
            if folder is None:
                return None
            try:
                return _place(folder).removeprefix(_place(root)).strip("/")
            finally:
                os.close(folder)
        finally:
            os.close(root)


def _open_by_number(root: int, group: int) -> int | None:
    handle = _HANDLE.pack(_HANDLE_BYTES, _FILEID_KERNFS, group)
    folder = int(_libc.open_by_handle_at(root, handle, os.O_PATH | os.O_CLOEXEC))
    return folder if folder >= 0 else None


def _place(descriptor: int) -> str:
    return str(Path(f"/proc/self/fd/{descriptor}").readlink())

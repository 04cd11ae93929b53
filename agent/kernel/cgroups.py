"""The control groups of this host: the cgroup v2 hierarchy, and those of v1 that BPF can tell tasks apart by.

A group's id is the number of its folder: on 64-bit kernels the same that BPF helpers give (fs/kernfs/mount.c).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

# The host's own view of its files, also when the agent itself runs in a container; a host may refuse that look.
_FIRST_PROCESS = Path("/proc/1/root")
HOST = _FIRST_PROCESS if os.access(_FIRST_PROCESS / "sys", os.R_OK) else Path("/")
MOUNTS = Path("/proc/1/mounts")
# Controllers of v1 by their name in mount options, with the constant of the kernel's enum cgroup_subsys_id. Container
# engines put their containers into all of them.
CONTROLLERS = {
    "pids": "pids_cgrp_id",
    "memory": "memory_cgrp_id",
    "cpu": "cpu_cgrp_id",
    "cpuacct": "cpuacct_cgrp_id",
    "cpuset": "cpuset_cgrp_id",
    "devices": "devices_cgrp_id",
    "freezer": "freezer_cgrp_id",
    "blkio": "io_cgrp_id",
}


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """``controller`` is empty for cgroup v2."""

    root: Path
    controller: str = ""

    def groups(self) -> Iterator[Group]:
        """All of them, parents first. Groups that go meanwhile are left out."""
        pending = [""]
        while pending:
            path = pending.pop()
            try:
                with os.scandir(self.root / path) as entries:
                    below = sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
                number = (self.root / path).stat().st_ino
            except OSError:
                continue
            yield Group(self, path, number)
            pending += [f"{path}/{name}" if path else name for name in reversed(below)]


@dataclass(frozen=True, slots=True)
class Group:
    """``path`` is below the hierarchy's root, which itself has the empty path; a name in it may be any bytes."""

    hierarchy: Hierarchy = field(repr=False)
    path: str
    id: int

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def level(self) -> int:
        """How deep it lies below the root."""
        return self.path.count("/") + 1 if self.path else 0

    def contains(self, other: Group) -> bool:
        """Itself too."""
        return not self.path or other.path == self.path or other.path.startswith(f"{self.path}/")

    def parents(self) -> Iterator[str]:
        """Paths of the groups above it but the root, nearest first."""
        above = self.path.rpartition("/")[0]
        while above:
            yield above
            above = above.rpartition("/")[0]

    def populated(self) -> bool:
        """It is still there, and a process is in it or below."""
        folder = self.hierarchy.root / self.path
        try:
            if folder.stat().st_ino != self.id:
                return False
            if not self.hierarchy.controller and self.path:
                return "populated 1" in (folder / "cgroup.events").read_text()
        except OSError:
            return False
        return any(_has_process(Path(found) / "cgroup.procs") for found, _, _ in os.walk(folder))

    def pids(self) -> list[int]:
        """Of the processes in it and below, as this process sees them; those of foreign pid namespaces are 0."""
        found: set[int] = set()
        for folder, _, _ in os.walk(self.hierarchy.root / self.path):
            found |= _numbers(Path(folder) / "cgroup.procs")
        return sorted(found - {0})


def hierarchies(mounts: Path = MOUNTS, host: Path = HOST) -> list[Hierarchy]:
    """cgroup v2 first, then v1 in the order of ``CONTROLLERS``."""
    found: dict[str, Hierarchy] = {}
    for line in mounts.read_text("utf-8", "replace").splitlines():
        _, where, kind, options, *_ = line.split()
        root = host / where.lstrip("/")
        if kind == "cgroup2":
            found.setdefault("", Hierarchy(root))
        elif kind == "cgroup":
            for controller in set(options.split(",")) & CONTROLLERS.keys():
                found.setdefault(controller, Hierarchy(root, controller))
    return [found[name] for name in ("", *CONTROLLERS) if name in found]


def _numbers(file: Path) -> set[int]:
    try:
        return {int(line) for line in file.read_text().split()}
    except OSError:  # gone meanwhile, or its threads are spread over groups below (EOPNOTSUPP)
        return set()


def _has_process(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            return bool(opened.read(1))
    except OSError:
        return False

"""Which container a control group belongs to, told by its path; the BPF cgroup id is its inode number."""

from __future__ import annotations

import os
import re
from pathlib import Path

_ROOTS = (Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup"))
# Docker, containerd, CRI-O, Podman and systemd-nspawn all end the path in 64 hex digits or machine-<name>.scope.
_CONTAINER = re.compile(r"(?:^|[-/:])([0-9a-f]{64})(?:\.scope)?(?:/|$)|machine-([^/]+)\.scope")


class Containers:
    """Looks the tree up again when it meets an id that it does not know."""

    def __init__(self, root: Path | None = None) -> None:
        self._root = root or next((path for path in _ROOTS if (path / "cgroup.procs").exists()), _ROOTS[-1])
        self._paths: dict[int, str] = {}

    def path(self, cgroup: int) -> str:
        """Path of the control group below the root; empty when it is gone or never was."""
        if cgroup not in self._paths:
            self._paths = self._walk()
        return self._paths.setdefault(cgroup, "")

    def container(self, cgroup: int) -> str:
        """The container's id (its first 12 hex digits) or name; empty outside of containers."""
        return container_of(self.path(cgroup))

    def _walk(self) -> dict[int, str]:
        found = {}
        for folder, _, _ in os.walk(self._root):
            relative = os.path.relpath(folder, self._root)
            found[Path(folder).stat().st_ino] = "" if relative == "." else relative
        return found


def container_of(path: str) -> str:
    match = _CONTAINER.search(path)
    if not match:
        return ""
    digits, machine = match.groups()
    return digits[:12] if digits else str(machine)

"""Which container and pod a control group belongs to, told by its path; their names come from ``container_names``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from agent.kernel.cgroups import Group
from agent.kernel.container_names import Names, Naming

# Docker, containerd, CRI-O, Podman and others end a container's group in its id of 64 hex digits, with or without the
# .scope of systemd. libpod-conmon-<id> and crio-conmon-<id> hold the process that watches the container, not itself.
_ID = re.compile(r"(?:(?P<prefix>.*)[-:])?(?P<id>[0-9a-f]{64})(?:\.scope)?")
_NAMED = re.compile(r"lxc\.payload\.(?P<lxc>.+)|machine-(?P<machine>.+)\.scope")
# kubepods-burstable-pod<uid>.slice, or pod<uid> without systemd; systemd writes _ for the - of the uid.
_POD = re.compile(r"(?:.*-)?pod(?P<uid>[0-9a-f]{8}[-_0-9a-f]{24,28})(?:\.slice(?::.*)?)?")
_RUNTIMES = {
    "docker": "docker",
    "cri-containerd": "containerd",
    "nerdctl": "containerd",
    "crio": "cri-o",
    "libpod": "podman",
    "libpod-payload": "podman",
    "libpod_parent": "podman",
}


@dataclass(frozen=True, slots=True)
class Container:
    """``id`` is the name for engines that give no id."""

    id: str
    runtime: str
    pod_uid: str
    names: Names

    @property
    def text(self) -> str:
        """As people call it: ``namespace/pod/container`` in Kubernetes, a name elsewhere, else the short id."""
        names = self.names
        if names.pod:
            return "/".join(filter(None, (names.namespace, names.pod, names.name or self.id[:12])))
        return names.name or self.id[:12]


def container_of(path: str, naming: Naming) -> Container | None:
    """The innermost one on the path, None outside of containers."""
    parts = path.split("/")
    for index in range(len(parts) - 1, -1, -1):
        if identity := _identity(parts[index], parts[index - 1] if index else ""):
            number, runtime = identity
            return Container(number, runtime, _pod_uid(parts[: index + 1]), naming.names(number))
    return None


def containers_in(groups: Iterable[Group], naming: Naming) -> Mapping[Group, Container]:
    """Every container with the group that is its own: its processes are in it or below."""
    found = {}
    for group in groups:
        above = group.path.rpartition("/")[0].rpartition("/")[2]
        if identity := _identity(group.name, above):
            number, runtime = identity
            found[group] = Container(number, runtime, _pod_uid(group.path.split("/")), naming.names(number))
    return found


def pod_uid_of(name: str) -> str:
    """Of a pod's own group; empty for any other."""
    match = _POD.fullmatch(name)
    return match["uid"].replace("_", "-") if match else ""


def _identity(name: str, above: str) -> tuple[str, str] | None:
    """Id and runtime, when the group of this name is a container's own."""
    if match := _ID.fullmatch(name):
        prefix = (match["prefix"] or "").rpartition(":")[2]
        return None if prefix.endswith("conmon") else (match["id"], _RUNTIMES.get(prefix or above, ""))
    if match := _NAMED.fullmatch(name):
        return (match["lxc"], "lxc") if match["lxc"] else (_unescaped(match["machine"]), "systemd-nspawn")
    return None


def _pod_uid(parts: list[str]) -> str:
    return next((uid for part in reversed(parts) if (uid := pod_uid_of(part))), "")


def _unescaped(name: str) -> str:
    """systemd writes bytes that may not be in a unit's name as \\xNN (systemd.unit(5))."""
    return re.sub(r"\\x([0-9a-f]{2})", lambda match: chr(int(match[1], 16)), name)

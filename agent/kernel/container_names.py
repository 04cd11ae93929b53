"""Names, images and pods of containers, from the files in which the engines keep them. No engine is ever asked: a root
process that talks to an engine's socket could be made to do much more.

The files belong to root, but parts of their content come from whoever started the container.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.kernel.cgroups import HOST

FILE_MAX = 4 * 1024 * 1024
NAME_MAX = 253
# Bundles of the containers that containerd runs now: <state>/<namespace>/<id>/config.json, an OCI runtime spec.
_BUNDLES = tuple(
    f"run/{state}/io.containerd.runtime.v2.task" for state in ("containerd", "k3s/containerd", "k0s/containerd")
)
_STORAGE = ("var/lib/containers/storage", "run/containers/storage")
# Made by the kubelet for every container of every engine: <pod>_<namespace>_<container>-<id>.log
_LOG = re.compile(r"(?P<pod>[^_]+)_(?P<namespace>[^_]+)_(?P<name>.+)-(?P<id>[0-9a-f]{64})\.log")


@dataclass(frozen=True, slots=True)
class Names:
    """Empty where nothing is known."""

    name: str = ""
    image: str = ""
    pod: str = ""
    namespace: str = ""

    def __bool__(self) -> bool:
        return bool(self.name or self.pod)


class Naming:
    """Looks once for each container; ``forget`` to look again."""

    def __init__(self, host: Path = HOST) -> None:
        self._host = host
        self._known: dict[str, Names] = {}

    def names(self, container: str) -> Names:
        if container not in self._known:
            self._known[container] = self._look(container) if len(container) == 64 else Names(name=container)
        return self._known[container]

    def forget(self) -> None:
        self._known.clear()

    def _look(self, container: str) -> Names:
        sources: tuple[Callable[[Path, str], Names], ...] = (_docker, _containerd, _storage, _kubelet)
        return next((found for source in sources if (found := source(self._host, container))), Names())


def _docker(host: Path, container: str) -> Names:
    """dockerd: config.v2.json of each container."""
    root = _text(_json(host / "etc/docker/daemon.json"), "data-root") or "/var/lib/docker"
    state = _json(host / root.lstrip("/") / "containers" / container / "config.v2.json")
    config = _table(state, "Config")
    pod = _kubernetes(_table(config, "Labels"))
    return Names(pod.name or _text(state, "Name").lstrip("/"), _text(config, "Image"), pod.pod, pod.namespace)


def _containerd(host: Path, container: str) -> Names:
    """containerd, of Kubernetes (annotations of its CRI plugin) and of nerdctl."""
    for folder in _BUNDLES:
        for namespace in _folders(host / folder):
            notes = _table(_json(namespace / container / "config.json"), "annotations")
            cri = "io.kubernetes.cri"
            if pod := _text(notes, f"{cri}.sandbox-name"):
                name = _text(notes, f"{cri}.container-name") or "pause"
                return Names(name, _text(notes, f"{cri}.image-name"), pod, _text(notes, f"{cri}.sandbox-namespace"))
            if name := _text(notes, "nerdctl/name"):
                return Names(name, _text(notes, "nerdctl/image-name"))
    return Names()


def _storage(host: Path, container: str) -> Names:
    """CRI-O and Podman as root: the list of containers of containers/storage, and CRI-O's annotations."""
    for folder in _STORAGE:
        for store in _folders(host / folder, "*-containers"):
            notes = _table(_json(store / container / "userdata/config.json"), "annotations")
            if pod := _kubernetes(notes):
                return Names(pod.name, _text(notes, "io.kubernetes.cri-o.ImageName"), pod.pod, pod.namespace)
            for entry in _list(_json(store / "containers.json")):
                if _text(entry, "id") == container:
                    return _listed(entry)
    return Names()


def _listed(entry: Mapping[str, Any]) -> Names:
    try:
        details = json.loads(entry.get("metadata") or "{}")
    except (TypeError, ValueError):
        details = {}
    names = _list(entry.get("names"), str)
    return Names(_plain(names[0]) if names else _text(details, "name"), _text(details, "image-name"))


def _kubelet(host: Path, container: str) -> Names:
    try:
        logs = sorted(path.name for path in (host / "var/log/containers").iterdir())
    except OSError:
        return Names()
    for log in logs:
        if log.endswith(f"-{container}.log") and (match := _LOG.fullmatch(log)):
            return Names(match["name"], "", match["pod"], match["namespace"])
    return Names()


def _kubernetes(labels: Mapping[str, Any]) -> Names:
    """What the kubelet tells every engine; POD is the container that holds a pod's namespaces."""
    name = _text(labels, "io.kubernetes.container.name")
    return Names(
        "pause" if name == "POD" else name,
        "",
        _text(labels, "io.kubernetes.pod.name"),
        _text(labels, "io.kubernetes.pod.namespace"),
    )


def _json(file: Path) -> Any:
    """Empty when there is no such file, or it is no JSON of a sensible size."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError):
        return {}
    with os.fdopen(descriptor, "rb") as opened:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > FILE_MAX:
            return {}
        try:
            return json.loads(opened.read(FILE_MAX))
        except (ValueError, RecursionError, OSError):
            return {}


def _folders(parent: Path, pattern: str = "*") -> Iterator[Path]:
    try:
        yield from sorted(path for path in parent.glob(pattern) if path.is_dir())
    except OSError:
        return


def _table(value: Any, key: str) -> Mapping[str, Any]:
    found = value.get(key) if isinstance(value, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _text(value: Any, key: str) -> str:
    found = value.get(key) if isinstance(value, Mapping) else None
    return _plain(found) if isinstance(found, str) else ""


def _list(value: Any, kind: type[Any] = dict) -> list[Any]:
    return [item for item in value if isinstance(item, kind)] if isinstance(value, list) else []


def _plain(text: str) -> str:
    """One printable line, whatever the container's owner chose."""
    return "".join(char if char.isprintable() else "?" for char in text[:NAME_MAX])

"""What runs on this host by the names that people use: containers, pods, units of systemd. One look at the control
groups and at the engines' files; a later look needs a new one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from agent.kernel.cgroups import Group, Hierarchy, hierarchies
from agent.kernel.container_names import Naming
from agent.kernel.containers import Container, containers_in, pod_uid_of
from agent.kernel.near import near

ID_BEGINNING = 4
_HEX = re.compile(r"[0-9a-f]+")
_UNIT_TYPES = ("service", "scope", "slice", "socket", "mount", "swap")
_USER_MANAGER = re.compile(r"(?:^|/)user@[^/]*\.service/")


class NotFoundError(LookupError):
    """Nothing here has that name, or more than one thing has. The text is one line that says what there is."""


@dataclass(frozen=True, slots=True)
class Place:
    """One thing and its control group in every hierarchy that has it, cgroup v2 first."""

    groups: tuple[Group, ...]
    container: Container | None = None


class Workloads:
    def __init__(
        self,
        trees: Sequence[Hierarchy] | None = None,
        naming: Naming | None = None,
        left_out: Callable[[Group], bool] = lambda _: False,
    ) -> None:
        self._left_out = left_out
        self._trees = hierarchies() if trees is None else trees
        self._naming = naming or Naming()

    @cached_property
    def groups(self) -> list[Group]:
        return [group for tree in self._trees for group in tree.groups() if not self._left_out(group)]

    @cached_property
    def containers(self) -> list[Place]:
        by_id: dict[str, list[tuple[Group, Container]]] = {}
        for group, container in containers_in(self.groups, self._naming).items():
            by_id.setdefault(container.id, []).append((group, container))
        return [Place(_by_hierarchy(group for group, _ in found), found[0][1]) for found in by_id.values()]

    @cached_property
    def units(self) -> Mapping[str, list[Place]]:
        """Name to the places of all units that have it: systemd's own and those of users' managers."""
        by_path: dict[str, list[Group]] = {}
        for group in self.groups:
            if group.name.rpartition(".")[2] in _UNIT_TYPES:
                by_path.setdefault(group.path, []).append(group)
        found: dict[str, list[Place]] = {}
        for groups in by_path.values():
            found.setdefault(_unit_name(groups[0].name), []).append(Place(_by_hierarchy(groups)))
        return found

    @property
    def unit_names(self) -> list[str]:
        """Without the scopes of containers, which have names of their own."""
        engines = {group.path for place in self.containers for group in place.groups}
        return sorted(name for name, places in self.units.items() if places[0].groups[0].path not in engines)

    @property
    def pods(self) -> list[str]:
        """``namespace/name``"""
        return sorted({_pod(place.container) for place in self.containers if place.container} - {""})

    def container(self, wanted: str) -> Place:
        """By name, by the text of the column `container`, or by the beginning of the id. Raises NotFoundError."""
        named = [place for place in self.containers if wanted in _container_names(place)]
        if not named and _HEX.fullmatch(wanted) and len(wanted) >= ID_BEGINNING:
            named = [place for place in self.containers if place.container and place.container.id.startswith(wanted)]
        if len(named) > 1:
            texts = ", ".join(sorted(_described(place) for place in named))
            raise NotFoundError(f"{len(named)} containers here are {wanted!r}: {texts}; name one by its id")
        if not named:
            raise _nothing("container", wanted, [name for place in self.containers for name in _container_names(place)])
        return named[0]

    def pod(self, wanted: str) -> list[Place]:
        """All its containers, and the group that holds them and any that it starts later. Raises NotFoundError."""
        members = [place for place in self.containers if place.container and wanted in _pod_names(place.container)]
        pods = sorted({_pod(place.container) for place in members if place.container})
        if len(pods) > 1:
            raise NotFoundError(f"{len(pods)} pods here are {wanted!r}: {', '.join(pods)}; name one with its namespace")
        if not members:
            raise _nothing("pod", wanted, self.pods)
        uids = {place.container.pod_uid for place in members if place.container} - {""}
        own = [group for group in self.groups if pod_uid_of(group.name) in uids]
        return [*([Place(_by_hierarchy(own))] if own else []), *members]

    def unit(self, wanted: str) -> list[Place]:
        """systemd's own one; without it those of that name in the managers of users. Raises NotFoundError."""
        name = wanted if wanted.rpartition(".")[2] in _UNIT_TYPES else f"{wanted}.service"
        places = self.units.get(name, [])
        if not places:
            raise _nothing("unit", wanted, self.unit_names, like=name)
        return [place for place in places if not _USER_MANAGER.search(place.groups[0].path)] or places

    def group(self, number: int) -> Place:
        """Of cgroup v2. Raises NotFoundError."""
        for group in self.groups:
            if group.id == number and not group.hierarchy.controller:
                return Place((group,))
        raise NotFoundError(f"no cgroup v2 here has the id {number}; it is the number of its folder: ls -di FOLDER")


def _by_hierarchy(groups: Iterable[Group]) -> tuple[Group, ...]:
    """The first of each; they come in the order of their hierarchies."""
    found: dict[str, Group] = {}
    for group in groups:
        found.setdefault(group.hierarchy.controller, group)
    return tuple(found.values())


def _container_names(place: Place) -> set[str]:
    container = place.container
    if container is None:
        return set()
    return {container.id, container.names.name, container.text} - {""}


def _described(place: Place) -> str:
    container = place.container
    return f"{container.text} ({container.id[:12]})" if container else ""


def _pod(container: Container) -> str:
    return f"{container.names.namespace}/{container.names.pod}" if container.names.pod else ""


def _pod_names(container: Container) -> set[str]:
    return {container.names.pod, _pod(container), container.pod_uid} - {""}


def _unit_name(folder: str) -> str:
    """systemd puts _ before a name that the kernel would take for a file of its own (cg_escape)."""
    return folder.removeprefix("_")


def _nothing(kind: str, wanted: str, names: Sequence[str], like: str = "") -> NotFoundError:
    return NotFoundError(f"no {kind} {wanted!r} runs on this host; {near(like or wanted, names) or f'no {kind} does'}")


LISTS: Mapping[str, Callable[[Workloads], list[str]]] = {
    "container": lambda here: sorted({place.container.text for place in here.containers if place.container}),
    "pod": lambda here: here.pods,
    "unit": lambda here: here.unit_names,
}
"""Names to choose from, by filter."""

"""Holds on to what a run is about, so that nothing that comes later under the same number or name is taken for it."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable

from agent.runner.family import Family
from agent.runner.found_targets import FoundTargets, TargetError, WantedGroup, WantedProcess


class Targets:
    """``descriptors`` are readable when a process has ended, which a look at ``over`` must follow."""

    def __init__(self, found: FoundTargets) -> None:
        """Raises TargetError when one has ended meanwhile."""
        self.found = found
        self.family: Family | None = None
        # Why somebody who must not be seen could be seen from now on; empty: nobody can.
        self.unhidden: Callable[[], str] = str
        self._processes = [wanted for wanted in found.processes if not wanted.excluded]
        self._groups: dict[str, list[WantedGroup]] = defaultdict(list)
        for group in found.groups:
            if not group.excluded:
                self._groups[group.filter].append(group)
        self._descriptors: dict[int, WantedProcess] = {}
        for wanted in self._processes:
            self._descriptors[_hold(wanted)] = wanted
        if why := self.over():
            self.close()
            raise TargetError(f"{why} before the run began")

    @property
    def descriptors(self) -> list[int]:
        return list(self._descriptors)

    def over(self) -> str:
        """Why no event can come any more, in one line; empty: it can."""
        return self._process_over() or self._family_over() or self._group_over()

    def close(self) -> None:
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._descriptors.clear()

    def _process_over(self) -> str:
        ended = [found for found in self._descriptors.items() if not found[1].process.alive()]
        for descriptor, wanted in ended:
            if wanted.filter == "pid" and self.family is not None:
                os.close(descriptor)
                del self._descriptors[descriptor]
                continue
            process = wanted.process
            return f"thread {process.tid} ended" if process.tid else f"process {process.pid} ended"
        return ""

    def _family_over(self) -> str:
        if self.family is None or self.family.alive():
            return ""
        return f"process {self.family.root.pid} and all that it had started ended"

    def _group_over(self) -> str:
        for groups in self._groups.values():
            if not any(found.group.populated() for found in groups):
                return f"{_described(groups[0])} ended"
        return ""


def _hold(wanted: WantedProcess) -> int:
    try:
        return os.pidfd_open(wanted.process.pid)
    except OSError as error:
        raise TargetError(f"process {wanted.process.pid} ended before the run began") from error


def _described(found: WantedGroup) -> str:
    container = found.container
    if container is None:
        return f"{found.filter} {found.group.name or found.group.id}"
    if found.filter == "pod":
        return f"pod {container.names.pod}"
    return f"container {container.text} ({container.id[:12]})"

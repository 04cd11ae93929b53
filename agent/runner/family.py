"""A process that is followed with all that descends from it: BPF keeps the set up to date at every fork; here is what
was forked before. Imports bcc.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from agent.kernel.processes import NoProcessError, Process, all_processes, descendants, find_process
from agent.runner.map_access import delete_map, insert_map, lookup_map, map_keys, update_map

ANY_START = bytes(8)
STATE_FAMILY_FULL, STATE_SETTLED = 1, 2  # of fs_state in bpf/include/filter.h
_PID = 4


class Family:
    def __init__(self, root: Process, maps: Mapping[str, int]) -> None:
        """Its hook on forks must be attached already, and no probe."""
        self.root = root
        self._members, self._births, self._state = maps["fs_family"], maps["fs_births"], maps["fs_state"]
        self._alive: Process | None = root

    def fill(self) -> None:
        """Complete when it returns: a child of a child that was forked while this looked is in the list of births. What
        was orphaned before is nobody's child any more and not found."""
        insert_map(self._members, _key(self.root.pid), ANY_START)
        found = {self.root.pid}
        while new := descendants(found, [(p.pid, p.ppid) for p in all_processes()]):
            found |= new
            self._add(new)
        while new := self._born(found):
            found |= new
            self._add(new)
        update_map(self._state, _key(STATE_SETTLED), (1).to_bytes(8, "little"))
        self._add(self._born(found))

    def alive(self) -> bool:
        if self._alive is not None and self._alive.alive():
            return True
        self._alive = next(filter(None, map(_process, map_keys(self._members, _PID))), None)
        return self._alive is not None

    def full(self) -> bool:
        """More processes at a time than there is room for: some are not followed."""
        return any(lookup_map(self._state, _key(STATE_FAMILY_FULL), 8) or b"")

    def _add(self, pids: Iterable[int]) -> None:
        for pid in pids:
            if insert_map(self._members, _key(pid), ANY_START) and _process(_key(pid)) is None:
                delete_map(self._members, _key(pid))  # its number may have a new owner

    def _born(self, members: set[int]) -> set[int]:
        births = [
            (int.from_bytes(child, "little"), int.from_bytes(parent, "little"))
            for child in map_keys(self._births, _PID)
            if (parent := lookup_map(self._births, child, _PID))
        ]
        return descendants(members, births)


def _process(key: bytes) -> Process | None:
    try:
        return find_process(int.from_bytes(key, "little"))
    except NoProcessError:
        return None


def _key(pid: int) -> bytes:
    return pid.to_bytes(_PID, "little")

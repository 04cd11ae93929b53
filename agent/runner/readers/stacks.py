"""Frames for the stack ids that BPF counts by. Each stack is named once, while its process most likely still lives.

At a function's first instruction there is no frame of its own yet, and the way along the frames starts at its caller's:
the caller itself is left out. Kernels from Linux 6.11 on put it in where they know the instruction
(is_uprobe_at_func_entry() in arch/x86/events/core.c). Where they do not, it is put in here from what BPF read there.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from agent.runner.arrays import stack_array
from agent.runner.map_access import lookup_map
from bpf.emitters import STACK_TABLE_SHIFT

DEPTH = 127  # PERF_MAX_STACK_DEPTH
_ADDRESSES = struct.Struct(f"={DEPTH}Q")
NO_FRAMES = ["[no stack]"]

Frames = Callable[[int, Sequence[int], Sequence[int]], list[str]]
_Key = tuple[int, int, int, int]  # pid, kernel, user, caller
_USER = 2


@dataclass(frozen=True, slots=True)
class StackKeys:
    """By row: the ids of both halves, negative for none, and the pid. ``callers``: where the function returns to, of
    stacks taken at its first instruction."""

    kernel: np.ndarray
    user: np.ndarray
    pids: np.ndarray | None = None
    callers: np.ndarray | None = None

    def rows(self) -> list[_Key]:
        none = np.zeros(len(self.user), np.uint64)
        columns = (none if self.pids is None else self.pids, self.kernel, self.user)
        parts = [*columns, none if self.callers is None else self.callers]
        return list(zip(*(part.tolist() for part in parts), strict=True))


class StackResolver:
    """``tables``: descriptors of the stack tables; ``frames(pid, user, kernel)`` names addresses, root first."""

    def __init__(self, tables: Sequence[int], frames: Frames) -> None:
        self._tables = list(tables)
        self._frames = frames
        self._known: dict[_Key, list[str]] = {}
        # Process and function: those whose caller this kernel leaves out.
        self._bare: set[tuple[int, int]] = set()

    def column(self, keys: StackKeys) -> pa.Array:
        rows = keys.rows()
        found = {key: self._addresses(key[_USER]) for key in rows if key not in self._known}
        self._learn(found)
        self._known |= {key: self._named(key, user) for key, user in found.items()}
        return stack_array([self._known[key] for key in rows])

    def _learn(self, found: Mapping[_Key, list[int]]) -> None:
        """Before any is named: one stack cannot tell whether a caller equal to its second frame is that one already,
        or another call from the same place, as in a recursion. But a recursion was entered from another place."""
        for (pid, _, _, caller), user in found.items():
            if caller and user and user[1:2] != [caller]:
                self._bare.add((pid, user[0]))

    def _named(self, key: _Key, user: list[int]) -> list[str]:
        pid, kernel, _, caller = key
        if caller and user and (pid, user[0]) in self._bare:
            user = [user[0], caller, *user[1:]]
        return self._frames(pid, user, self._addresses(kernel)) or NO_FRAMES

    def _addresses(self, stack_id: int) -> list[int]:
        """Innermost first. A negative id: there was no such stack, as for a kernel thread's user half."""
        if stack_id < 0:
            return []
        table, index = stack_id >> STACK_TABLE_SHIFT, stack_id & ((1 << STACK_TABLE_SHIFT) - 1)
        raw = lookup_map(self._tables[table], index.to_bytes(4, "little"), _ADDRESSES.size)
        return [address for address in _ADDRESSES.unpack(raw) if address] if raw else []

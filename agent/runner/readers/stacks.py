"""Frames for the stack ids that BPF counts by. Each stack is named once, while its process most likely still lives."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa

from agent.runner.arrays import stack_array
from agent.runner.map_access import lookup_map
from bpf.emitters import STACK_TABLE_SHIFT

DEPTH = 127  # PERF_MAX_STACK_DEPTH
_ADDRESSES = struct.Struct(f"={DEPTH}Q")
NO_FRAMES = ["[no stack]"]

Frames = Callable[[int, Sequence[int], Sequence[int]], list[str]]


class StackResolver:
    """``tables``: descriptors of the stack tables; ``frames(pid, user, kernel)`` names addresses, root first."""

    def __init__(self, tables: Sequence[int], frames: Frames) -> None:
        self._tables = list(tables)
        self._frames = frames
        self._known: dict[tuple[int, int, int], list[str]] = {}

    def column(self, pairs: np.ndarray, pids: np.ndarray | None) -> pa.Array:
        """``pairs``: kernel and user stack id of each row."""
        processes = pids.tolist() if pids is not None else [0] * len(pairs)
        rows = zip(processes, pairs[:, 0].tolist(), pairs[:, 1].tolist(), strict=True)
        return stack_array([self._stack(*row) for row in rows])

    def _stack(self, pid: int, kernel: int, user: int) -> list[str]:
        key = (pid, kernel, user)
        if key not in self._known:
            self._known[key] = self._frames(pid, self._addresses(user), self._addresses(kernel)) or NO_FRAMES
        return self._known[key]

    def _addresses(self, stack_id: int) -> list[int]:
        """Innermost first. A negative id: there was no such stack, as for a kernel thread's user half."""
        if stack_id < 0:
            return []
        table, index = stack_id >> STACK_TABLE_SHIFT, stack_id & ((1 << STACK_TABLE_SHIFT) - 1)
        raw = lookup_map(self._tables[table], index.to_bytes(4, "little"), _ADDRESSES.size)
        return [address for address in _ADDRESSES.unpack(raw) if address] if raw else []

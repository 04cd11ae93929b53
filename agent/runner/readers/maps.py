"""Reads a whole per-CPU hash of BPF with few system calls, straight into numpy."""

from __future__ import annotations

import ctypes
import errno
import os
from dataclasses import dataclass

import numpy as np
from bcc import lib

from agent.kernel.bpf_syscall import possible_cpus

BATCH = 4096
POSITION_WORDS = 16  # the kernel keeps its place in the map there; a hash uses one word


@dataclass(frozen=True, slots=True)
class MapContent:
    """``keys`` as raw bytes that compare like memory, ``values`` as (keys, fields) of u64 summed over the CPUs."""

    keys: np.ndarray
    values: np.ndarray


class PercpuHash:
    """Never clears anything: what is written at the same time would be lost."""

    def __init__(self, map_fd: int, key_bytes: int, value_fields: int, capacity: int) -> None:
        self._fd = map_fd
        self._capacity = capacity
        # A bucket that does not fit into what is left of the room fails as a whole; the spare room holds any.
        self._keys = np.zeros((capacity + BATCH, key_bytes), np.uint8)
        self._values = np.zeros((BATCH, possible_cpus(), value_fields), np.uint64)
        self._sums = np.zeros((capacity + BATCH, value_fields), np.uint64)

    def read(self) -> MapContent:
        """Each key once; keys added meanwhile may be missing until the next read. Raises OSError."""
        position = (ctypes.c_uint32 * POSITION_WORDS)()
        total, first, done = 0, True, False
        while not done and total <= self._capacity:
            count, done = self._batch(position, total, first=first)
            self._values[:count].sum(axis=1, out=self._sums[total : total + count])
            total += count
            first = False
        width = self._keys.shape[1]
        return MapContent(self._keys[:total].copy().view(f"S{width}").ravel(), self._sums[:total].copy())

    def _batch(self, position: ctypes.Array[ctypes.c_uint32], at: int, *, first: bool) -> tuple[int, bool]:
        count = ctypes.c_uint32(min(BATCH, len(self._keys) - at))
        ctypes.set_errno(0)
        failed = lib.bpf_lookup_batch(
            self._fd,
            None if first else position,
            position,
            ctypes.c_void_p(self._keys[at:].ctypes.data),
            ctypes.c_void_p(self._values.ctypes.data),
            ctypes.byref(count),
        )
        error = ctypes.get_errno() if failed else 0
        if error not in (0, errno.ENOENT):
            raise OSError(error, f"cannot read the map: {os.strerror(error)}")
        return count.value, error == errno.ENOENT

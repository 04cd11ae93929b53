"""Reads a BPF ring buffer thousands of records at a time, as one numpy array over the memory that the kernel writes to.

All records of a ring have the same size. Layout (kernel/bpf/ringbuf.c): a page with the consumer's position, a page
with the producer's, then the data twice in a row, so that a stretch that wraps is still one piece; each record starts
with 8 bytes whose first u32 is its length, bit 31 set while it is written and bit 30 when it was discarded.
"""

from __future__ import annotations

import mmap
import threading
from collections.abc import Mapping
from typing import Any

import numpy as np

PAGE = mmap.PAGESIZE
HEADER = 8
BUSY = np.uint32(1 << 31)


class RingError(RuntimeError):
    """The ring holds a record of another size: its positions can no longer be trusted."""


class RingReader:
    """Gathers what it reads in a buffer of its own, so that no memory is allocated however many events come."""

    def __init__(self, map_fd: int, ring_bytes: int, record: np.dtype[np.void], buffer_bytes: int) -> None:
        """``record`` describes one record without its header; ring_bytes is a power of two."""
        self._size = ring_bytes
        self._dtype = _with_header(record)
        self._stride = self._dtype.itemsize
        self._expected = np.uint32(record.itemsize)
        # A record that wraps runs on into the start of the second copy of the data: no more of it is mapped.
        spare = -(-self._stride // PAGE) * PAGE
        self._consumer_map = mmap.mmap(map_fd, PAGE, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE, offset=0)
        self._data_map = mmap.mmap(map_fd, PAGE + ring_bytes + spare, mmap.MAP_SHARED, mmap.PROT_READ, offset=PAGE)
        self._consumer = np.frombuffer(self._consumer_map, np.uint64, 1)
        self._producer = np.frombuffer(self._data_map, np.uint64, 1)
        self._buffer = np.empty(buffer_bytes // self._stride * self._stride, np.uint8)
        self._filled = 0
        # Releasing and taking a held lock orders memory accesses on processors that reorder them (arm64).
        self._fence = threading.Lock()
        self._fence.acquire()

    @property
    def gathered(self) -> int:
        """Bytes that were read and not taken yet."""
        return self._filled

    def read(self) -> int:
        """Gather the records that are complete, in order, as far as the buffer has room. Returns their bytes."""
        moved = 0
        while True:
            step, last = self._read_stretch()
            moved += step
            if last:
                return moved

    def take(self) -> np.ndarray:
        """What was gathered, valid until the next ``read``."""
        records: np.ndarray = self._buffer[: self._filled].view(self._dtype)
        self._filled = 0
        return records

    def _read_stretch(self) -> tuple[int, bool]:
        """Up to where the ring wraps. The second value: nothing more can be read now."""
        position = int(self._consumer[0])
        start = position & (self._size - 1)
        waiting = (int(self._producer[0]) - position) // self._stride
        before_wrap = -(-(self._size - start) // self._stride)
        room = (len(self._buffer) - self._filled) // self._stride
        count = min(waiting, before_wrap, room)
        if not count:
            return 0, True
        view = np.ndarray((count,), self._dtype, self._data_map, offset=PAGE + start)
        # A copy, not a view: a record that is being finished must be seen in one state only.
        lengths = view["fs_length"].copy()
        self._order()
        complete, whole = self._complete(lengths)
        moved = self._gather(start, complete, view, whole)
        self._order()
        self._consumer[0] = position + complete * self._stride
        return moved, complete < before_wrap or count == room

    def _gather(self, start: int, complete: int, view: np.ndarray, whole: np.ndarray | None) -> int:
        if whole is None:
            source = np.frombuffer(self._data_map, np.uint8, complete * self._stride, PAGE + start)
        else:
            source = view[:complete][whole].view(np.uint8)
        self._buffer[self._filled : self._filled + len(source)] = source
        self._filled += len(source)
        return len(source)

    def close(self) -> None:
        del self._consumer, self._producer  # views of the memory below
        self._consumer_map.close()
        self._data_map.close()

    def _complete(self, lengths: np.ndarray) -> tuple[int, np.ndarray | None]:
        """How many records can be taken, and which of them are no discarded ones (None: all)."""
        good = lengths == self._expected
        if good.all():
            return len(lengths), None
        busy = (lengths & BUSY) != 0
        complete = int(busy.argmax()) if busy.any() else len(lengths)
        foreign = ~good[:complete] & (lengths[:complete] != self._expected | np.uint32(1 << 30))
        if foreign.any():
            raise RingError(
                f"a record of {int(lengths[foreign.argmax()])} bytes in a ring of {self._expected} byte ones"
            )
        return complete, good[:complete]

    def _order(self) -> None:
        self._fence.release()
        self._fence.acquire()


def _with_header(record: np.dtype[np.void]) -> np.dtype[np.void]:
    fields: Mapping[str, Any] = record.fields or {}
    return np.dtype(
        {
            "names": ["fs_length", *fields],
            "formats": ["u4", *(field[0] for field in fields.values())],
            "offsets": [0, *(HEADER + field[1] for field in fields.values())],
            "itemsize": HEADER + -(-record.itemsize // 8) * 8,
        }
    )

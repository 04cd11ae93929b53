"""Reads a BPF ring buffer thousands of records at a time, as one numpy array over the memory that the kernel writes to.

All records of a ring have the same size. Layout (kernel/bpf/ringbuf.c): a page with the consumer's position, a page
with the producer's, then the data twice in a row, so that a stretch that wraps is still one piece; each record starts
with 8 bytes whose first u32 is its length, bit 31 set while it is written and bit 30 when it was discarded.
"""

from __future__ import annotations

import mmap
import threading
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

PAGE = mmap.PAGESIZE
HEADER = 8
CHUNK = 2048
BUSY = np.uint32(1 << 31)


class RingError(RuntimeError):
    """The ring holds a record of another size: its positions can no longer be trusted."""


class RingReader:
    """Hands out records where they lie: the sink copies what it wants while they are in the processor's cache."""

    def __init__(self, map_fd: int, ring_bytes: int, record: np.dtype[np.void]) -> None:
        """``record`` describes one record without its header; ring_bytes is a power of two."""
        self._size = ring_bytes
        self._dtype = _with_header(record)
        self.stride = self._dtype.itemsize
        self._expected = np.uint32(record.itemsize)
        # A record that wraps runs on into the start of the second copy of the data: no more of it is mapped.
        spare = -(-self.stride // PAGE) * PAGE
        self._consumer_map = mmap.mmap(map_fd, PAGE, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE, offset=0)
        self._data_map = mmap.mmap(map_fd, PAGE + ring_bytes + spare, mmap.MAP_SHARED, mmap.PROT_READ, offset=PAGE)
        self._consumer = np.frombuffer(self._consumer_map, np.uint64, 1)
        self._producer = np.frombuffer(self._data_map, np.uint64, 1)
        # Releasing and taking a held lock orders memory accesses on processors that reorder them (arm64).
        self._fence = threading.Lock()
        self._fence.acquire()

    @property
    def produced(self) -> int:
        """Where the next record will begin, counted in bytes for ever."""
        return int(self._producer[0])

    @property
    def consumed(self) -> int:
        """Up to where records were taken, counted in the same way."""
        return int(self._consumer[0])

    def read(self, sink: Callable[[np.ndarray], None], room: int) -> int:
        """At most ``room`` complete records, in order. The sink's arrays are valid only while it runs.

        Returns how many records were given. Raises RingError.
        """
        given = 0
        while given < room:
            count, last = self._read_stretch(sink, min(room - given, CHUNK))
            given += count
            if last:
                break
        return given

    def _read_stretch(self, sink: Callable[[np.ndarray], None], room: int) -> tuple[int, bool]:
        """Up to where the ring wraps. The second value: nothing more can be read now."""
        position = int(self._consumer[0])
        start = position & (self._size - 1)
        waiting = (int(self._producer[0]) - position) // self.stride
        before_wrap = -(-(self._size - start) // self.stride)
        count = min(waiting, before_wrap, room)
        if not count:
            return 0, True
        view = np.ndarray((count,), self._dtype, self._data_map, offset=PAGE + start)
        # A copy, not a view: a record that is being finished must be seen in one state only.
        lengths = view["fs_length"].copy()
        self._order()
        complete, whole = self._complete(lengths)
        records = view[:complete] if whole is None else view[:complete][whole]
        if len(records):
            sink(records)
        self._order()
        self._consumer[0] = position + complete * self.stride
        return len(records), complete < count or count == waiting

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

"""Which buffer would have held the records that found no room.

A ring that was full for a while would have needed, besides what it has, room for all records that came meanwhile: with
that much nothing would have been lost, whatever the reader did.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from agent.kernel.bpf_syscall import read_percpu_u64
from agent.runner.attach import Attachment, Request
from bpf.emitters import RING_FULL, RING_FULL_CLASSES
from bpf.params import ROW_KINDS
from bpf.program import ring_names

RECORD_HEADER = 8


@dataclass(frozen=True, slots=True)
class Ring:
    """``number`` of its size class; ``record`` and ``size`` in bytes; ``halvings``: how often the buffer that one asks
    for is halved for it."""

    number: int
    record: int
    size: int
    halvings: int


class Room:
    def __init__(self, rings: Iterable[Ring]) -> None:
        self._rings = list(rings)
        self._full = [0] * RING_FULL_CLASSES  # as counted until now
        self._since = [0] * RING_FULL_CLASSES  # in one stretch
        self._needed = 0

    def needed(self, counters_fd: int) -> int:
        """The buffer to ask for in bytes, a power of two; more than BUFFER_MAX: none would do. Raises OSError."""
        for number in range(RING_FULL_CLASSES):
            full = read_percpu_u64(counters_fd, RING_FULL + number)
            new, self._full[number] = full - self._full[number], full
            self._since[number] = self._since[number] + new if new else 0
        for ring in self._rings:
            if self._since[ring.number]:
                room = ring.size + self._since[ring.number] * (ring.record + RECORD_HEADER)
                self._needed = max(self._needed, 1 << (room - 1).bit_length() << ring.halvings)
        return self._needed


def room_of(request: Request, held: Attachment) -> Room:
    tool = request.entry.tool
    halvings = {name: place for place, name in enumerate(held.ring_bytes)}
    return Room(
        Ring(min(number, RING_FULL_CLASSES - 1), record, held.ring_bytes[name], halvings[name])
        for stream in tool.streams
        if stream.kind in ROW_KINDS
        for number, (name, record) in enumerate(ring_names(tool, stream, request.values).items())
    )

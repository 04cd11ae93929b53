"""Up to which time the rows of a stream with several rings are all here.

A program that writes first to one ring and then to another is seen out of order when the second one is read after the
write and the first one before. Rows up to the mark may be given out: whatever a thread wrote before them is here too.
"""

from __future__ import annotations

from collections.abc import Sequence

from agent.clock import boot_ns
from agent.runner.readers.ring import RingReader


class Watermark:
    """Each ring has a time of its own up to which it was read; the earliest of them counts.

    A ring that was read to where it was at a moment is here up to that moment. One that was not, because a record is in
    the making or there was no room, is here up to the latest row that was read from it: a thread whose row lies behind
    that one takes the time of its next row, in whatever ring, later still.
    """

    def __init__(self, rings: Sequence[RingReader]) -> None:
        self._rings = rings
        self._times = [0] * len(rings)
        self._moment = 0
        self._wanted: list[int] = []

    @property
    def time(self) -> int:
        return min(self._times)

    def before_read(self) -> None:
        """The time first: what was written until then lies before the positions."""
        self._moment = boot_ns()
        self._wanted = [ring.produced for ring in self._rings]

    def after_read(self, latest: Sequence[int]) -> None:
        """``latest``: of each ring the latest time of all rows read so far, 0 while there is none."""
        for number, (ring, wanted) in enumerate(zip(self._rings, self._wanted, strict=True)):
            here = self._moment if ring.consumed >= wanted else latest[number]
            self._times[number] = max(self._times[number], here)

"""Up to which time the rows of a stream with several rings are all here.

A program that writes first to one ring and then to another is seen out of order when the second one is read after the
write and the first one before. Rows up to the mark may be given out: whatever a thread wrote before them is here too.
"""

from __future__ import annotations

from collections.abc import Sequence

from agent.clock import boot_ns
from agent.runner.readers.ring import RingReader


class Watermark:
    """``time``: rows up to it are here. It moves on when every ring has been read to where it was at a later time."""

    def __init__(self, rings: Sequence[RingReader]) -> None:
        self.time = 0
        self._rings = rings
        self._next = 0
        self._wanted: list[int] = []

    def before_read(self) -> None:
        """The time first: what was written until then lies before the positions."""
        if not self._wanted:
            self._next = boot_ns()
            self._wanted = [ring.produced for ring in self._rings]

    def after_read(self) -> None:
        """A ring that had a record in the making, or no room here, is asked again after the next read."""
        if all(ring.consumed >= wanted for ring, wanted in zip(self._rings, self._wanted, strict=True)):
            self.time = self._next
            self._wanted = []

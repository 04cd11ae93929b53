"""One reader per kind of output. None of them runs Python for a single event. This is what a run asks of each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_ROWS = 65_536


class Reader(Protocol):
    """Reads one stream. ``drain`` moves what the kernel has into this process, ``take`` gives it out as batches."""

    stream: int

    def drain(self) -> int:
        """Read once; returns how many bytes were moved, as a measure of how busy the stream is."""

    def waiting(self) -> int:
        """Bytes that ``take`` would give out."""

    def take(self, *, final: bool) -> Iterator[pa.RecordBatch]:
        """Batches of at most ``BATCH_ROWS`` rows, ordered by time. ``final``: hold nothing back."""

    def close(self) -> None: ...

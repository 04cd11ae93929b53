"""What the run asks of a reader, whatever it reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

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
        """Batches of at most ``BATCH_ROWS`` rows, ordered by time. ``final``: probes are detached, hold nothing back."""

    def close(self) -> None: ...

"""Rows of segments that are still open, decoded: the newest in memory as far as there is room, the others again for
every scan. So memory stays bounded however many rows wait to be sealed, and what is asked often costs little.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import BinaryIO

import pyarrow as pa

from proto.columnar import BodyDecoder, arrow_schema
from proto.salvage import salvage
from proto.v1.stream_pb2 import StreamSchema
from server.tracing.store.layout import Segment
from server.tracing.store.sealed import ROW, SEQ
from server.tracing.store.sealing import numbered

TAIL_BYTES = 256 * 1024 * 1024  # decoded rows that stay in memory, over all runs
IDLE_SECONDS = 30.0  # whose rows nobody asked for so long make room for others'


class OpenRows:
    """The rows of some open segments as they stood at one moment, for any reader of Arrow; each scan begins anew."""

    def __init__(self, stream: StreamSchema, number: int, parts: list[_Part]) -> None:
        self._stream = stream
        self._number = number
        self._parts = parts
        self.schema = arrow_schema(stream.columns).append(pa.field(SEQ, pa.uint64())).append(pa.field(ROW, pa.uint64()))

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return pa.RecordBatchReader.from_batches(self.schema, self._batches()).__arrow_c_stream__(requested_schema)

    def _batches(self) -> Iterator[pa.RecordBatch]:
        decoder = BodyDecoder(self._stream)
        for part in self._parts:
            yield from part.held
            if part.offset < part.end:
                with part.open() as file:
                    found = _decoded(file, part.offset, part.end, self._number, decoder)
                    yield from (batch for _, batch in found if batch is not None)


class _Part:
    """Of one segment: what memory holds, and from where to where the rest stands. The file may be sealed meanwhile."""

    def __init__(self, file: BinaryIO, held: list[pa.RecordBatch], offset: int, end: int) -> None:
        self.held, self.offset, self.end = held, offset, end
        self._file = os.dup(file.fileno())
        weakref.finalize(self, os.close, self._file)

    def open(self) -> BinaryIO:
        """With a position of its own, also when the file has no name any more: proc_pid_fd(5)."""
        return Path(f"/proc/self/fd/{self._file}").open("rb")


@dataclass(slots=True)
class _Held:
    inode: int = 0
    offset: int = 0
    bytes: int = 0
    batches: list[pa.RecordBatch] = field(default_factory=list)
    asked: float = 0.0


class Tails:
    """A query decodes only what was appended since the last one, and what memory has no room for."""

    def __init__(self, max_bytes: int = TAIL_BYTES) -> None:
        self._max_bytes = max_bytes
        self._lock = Lock()
        self._held: dict[tuple[Path, int], _Held] = {}

    def rows(self, segments: list[Segment], number: int, stream: StreamSchema) -> OpenRows | None:
        """None where there are none. Raises FileNotFoundError when a segment was sealed meanwhile."""
        found = [self._part(segment, number, stream) for segment in segments]
        parts = [part for part in found if part.held or part.offset < part.end]
        return OpenRows(stream, number, parts) if parts else None

    def forget(self, session: Path) -> None:
        """Keep nothing of a deleted session in memory."""
        with self._lock:
            for key in [key for key in self._held if session in key[0].parents]:
                del self._held[key]

    def _part(self, segment: Segment, number: int, stream: StreamSchema) -> _Part:
        key = (segment.path, number)
        with segment.path.open("rb") as file, self._lock:
            status = os.fstat(file.fileno())
            held = self._held.setdefault(key, _Held())
            if status.st_ino != held.inode or status.st_size < held.offset:
                held = self._held[key] = _Held(status.st_ino)
            held.asked = monotonic()
            self._let_go()
            self._fill(held, file, status.st_size, number, BodyDecoder(stream))
            return _Part(file, list(held.batches), held.offset, status.st_size)

    def _fill(self, held: _Held, file: BinaryIO, end: int, number: int, decoder: BodyDecoder) -> None:
        room = self._max_bytes - sum(one.bytes for one in self._held.values())
        for offset, batch in _decoded(file, held.offset, end, number, decoder):
            size = batch.nbytes if batch is not None else 0
            room -= size
            if room < 0:
                return
            held.offset = offset
            held.bytes += size
            held.batches += [batch] if batch is not None else []

    def _let_go(self) -> None:
        since = monotonic() - IDLE_SECONDS
        for key in [key for key, held in self._held.items() if held.asked < since or not key[0].exists()]:
            del self._held[key]


def _decoded(
    file: BinaryIO, offset: int, end: int, number: int, decoder: BodyDecoder
) -> Iterator[tuple[int, pa.RecordBatch | None]]:
    """What stands in these bytes, with the offset behind it: batches of the stream, or None."""
    for entry in salvage(file, offset):
        if entry.end > end:
            return
        frame = entry.frame
        if frame is None or not frame.head.rows or frame.head.stream != number:
            yield entry.end, None
            continue
        rows = numbered(decoder.decode(frame.body, frame.head.body_size), frame.head)
        yield entry.end, rows.to_batches()[0]

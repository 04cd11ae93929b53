"""What a query reads of one run and stream: the sealed files, and the rows that are not sealed yet."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

import pyarrow as pa

from proto import columnar
from proto.salvage import salvage
from proto.v1.stream_pb2 import RunSchema, StreamSchema
from server.tracing.store.bodies import Bodies, BodyRefused
from server.tracing.store.known import Known
from server.tracing.store.layout import RunFolder, Segment
from server.tracing.store.sealed import SealedFile, SealedIndex
from server.tracing.store.sealing import numbered

TAIL_BYTES = 256 * 1024 * 1024  # decoded rows that stay in memory, over all runs
DECRYPTED_BYTES = 512 * 1024 * 1024  # of one run, for one question


class TooLargeError(ValueError):
    """An encrypted run holds more rows than can be decrypted in memory at once."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A file of sealed rows, and the digest that they had when they were sealed."""

    path: Path
    sha256: str
    whole: bool  # it is as large as it was


@dataclass(frozen=True, slots=True)
class Snapshot:
    sealed: list[Sealed]
    tail: pa.Table | None


@dataclass(slots=True)
class _Decoded:
    inode: int = 0
    offset: int = 0
    bytes: int = 0
    tables: list[pa.Table] = field(default_factory=list)


class Tails:
    """Decoded rows of open segments. A query decodes only what was appended since the last one."""

    def __init__(self, max_bytes: int = TAIL_BYTES) -> None:
        self._max_bytes = max_bytes
        self._lock = Lock()
        self._decoded: OrderedDict[tuple[Path, int], _Decoded] = OrderedDict()
        self._sealed = SealedFiles()

    def snapshot(self, folder: RunFolder, number: int, stream: StreamSchema) -> Snapshot:
        while True:
            segments = folder.segments()
            try:
                sealed = [file for segment in segments if segment.sealed for file in self._sealed.of(segment, number)]
                tails = [self._rows(segment, number, stream) for segment in segments if not segment.sealed]
            except FileNotFoundError:
                continue  # sealed while we read: the next listing shows it
            tables = [table for tail in tails for table in tail]
            return Snapshot(sealed, pa.concat_tables(tables) if tables else None)

    def sealed(self, folder: RunFolder, schema: RunSchema) -> Iterator[tuple[StreamSchema, Sealed]]:
        """Every sealed file of the run with what its rows look like."""
        for segment in folder.segments():
            if segment.sealed:
                for number, stream in enumerate(schema.streams):
                    yield from ((stream, file) for file in self._sealed.of(segment, number))

    def forget(self, session: Path) -> None:
        """Keep nothing of a deleted session in memory."""
        with self._lock:
            for key in [key for key in self._decoded if session in key[0].parents]:
                del self._decoded[key]

    def _rows(self, segment: Segment, number: int, stream: StreamSchema) -> list[pa.Table]:
        with self._lock:
            key = (segment.path, number)
            known = self._decoded.pop(key, None) or _Decoded()
            _refresh(known, segment.path, number, stream)
            self._decoded[key] = known
            self._shrink()
            return list(known.tables)

    def _shrink(self) -> None:
        while len(self._decoded) > 1 and sum(known.bytes for known in self._decoded.values()) > self._max_bytes:
            self._decoded.popitem(last=False)


def _refresh(known: _Decoded, path: Path, number: int, stream: StreamSchema) -> None:
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        if status.st_ino != known.inode or status.st_size < known.offset:
            known.inode, known.offset, known.bytes, known.tables = status.st_ino, 0, 0, []
        for entry in salvage(file, known.offset):
            known.offset = entry.end
            frame = entry.frame
            if frame is None or not frame.head.rows or frame.head.stream != number:
                continue
            batch = columnar.decode_body(stream, frame.body, frame.head.body_size)
            known.tables.append(numbered(batch, frame.head))
            known.bytes += batch.nbytes


def decrypted_snapshot(folder: RunFolder, number: int, stream: StreamSchema, bodies: Bodies) -> Snapshot:
    """Of an encrypted run: decrypted for this one question and kept nowhere. Raises TooLargeError."""
    tables: list[pa.Table] = []
    decoder = columnar.BodyDecoder(stream)
    size = 0
    for segment in folder.segments():
        with segment.path.open("rb") as file:
            for entry in salvage(file):
                if entry.frame is None or not entry.frame.head.rows or entry.frame.head.stream != number:
                    continue
                head = entry.frame.head
                size += head.body_size
                if size > DECRYPTED_BYTES:
                    raise TooLargeError
                with suppress(BodyRefused):  # the books tell of it
                    tables.append(numbered(decoder.decode(bodies.packed(entry.frame), head.body_size), head))
    return Snapshot([], pa.concat_tables(tables) if tables else None)


class SealedFiles:
    """Which files the indexes of sealed segments name; thread-safe."""

    def __init__(self) -> None:
        self._known = Known(_files)

    def of(self, segment: Segment, number: int) -> list[Sealed]:
        """Those that are there: what was removed by hand shows in the books."""
        files = self._known.of(segment.path)
        return [sealed for file in files if file.stream == number and (sealed := _sealed(segment, file))]


def _files(index: Path) -> list[SealedFile]:
    try:
        return SealedIndex.load(index).files
    except ValueError:
        return []


def _sealed(segment: Segment, file: SealedFile) -> Sealed | None:
    path = segment.path.with_name(file.name)
    try:
        return Sealed(path, file.sha256, whole=path.stat().st_size == file.size)
    except FileNotFoundError:
        return None

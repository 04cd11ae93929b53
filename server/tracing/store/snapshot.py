"""What a query reads of one run and stream: the sealed files, and the rows that are not sealed yet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from proto import columnar
from proto.salvage import salvage
from proto.v1.stream_pb2 import RunSchema, StreamSchema
from server.tracing.store.bodies import Bodies, BodyRefused
from server.tracing.store.known import Known
from server.tracing.store.layout import RunFolder, Segment
from server.tracing.store.sealed import SealedFile, SealedIndex
from server.tracing.store.sealing import numbered
from server.tracing.store.tails import OpenRows, Tails

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
    tail: pa.Table | OpenRows | None


class Snapshots:
    """Of runs whose rows anybody may read who can read the files."""

    def __init__(self) -> None:
        self._tails = Tails()
        self._sealed = SealedFiles()

    def of(self, folder: RunFolder, number: int, stream: StreamSchema) -> Snapshot:
        while True:
            segments = folder.segments()
            try:
                sealed = [file for segment in segments if segment.sealed for file in self._sealed.of(segment, number)]
                still_open = [segment for segment in segments if not segment.sealed]
                return Snapshot(sealed, self._tails.rows(still_open, number, stream))
            except FileNotFoundError:
                continue  # sealed while we read: the next listing shows it

    def sealed(self, folder: RunFolder, schema: RunSchema) -> Iterator[tuple[StreamSchema, Sealed]]:
        """Every sealed file of the run with what its rows look like."""
        for segment in folder.segments():
            if segment.sealed:
                for number, stream in enumerate(schema.streams):
                    yield from ((stream, file) for file in self._sealed.of(segment, number))

    def forget(self, session: Path) -> None:
        """Keep nothing of a deleted session in memory."""
        self._tails.forget(session)


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

"""Turn a closed segment into Parquet: smaller, sorted by time, ready for queries, the same batches."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from threading import Event

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from proto import columnar
from proto.frame import Frame
from proto.salvage import salvage
from proto.v1.stream_pb2 import BatchHead, RunSchema, StreamSchema
from server.tracing.store.layout import RunFolder, Segment, replace_file, sync_folder
from server.tracing.store.sealed import RISING, ROW, SEQ, SealedFile, SealedIndex, digest, leaf
from server.tracing.store.summary import Summary

GROUP_ROWS = 128 * 1024


class NotSealableError(ValueError):
    """The segment is damaged: it is left as it is, as evidence."""


class HaltedError(Exception):
    """The process is about to end: the segment stays as it is, for the next one."""


def seal(folder: RunFolder, segment: Segment, schema: RunSchema, halt: Event | None = None) -> bool:
    """Replace the segment by its sealed form; False when another process is at it or was faster.

    Raises NotSealableError, and HaltedError soon after ``halt`` is set. A crash at any step leaves the segment, its
    sealed form, or both: then the segment counts.
    """
    try:
        file = segment.path.open("rb")
    except FileNotFoundError:
        return False
    with file:
        try:
            flock(file, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            return False
        if not os.fstat(file.fileno()).st_nlink:
            return False
        for part in folder.path.glob(f"{segment.first_seq:012d}.*.part"):
            part.unlink()  # of a process that crashed while it held this lock
        index = _write(folder, segment, schema, halt)
        replace_file(folder.index(segment.first_seq), index.dump())
        segment.path.unlink()
        sync_folder(folder.path)
    return True


def _write(folder: RunFolder, segment: Segment, schema: RunSchema, halt: Event | None) -> SealedIndex:
    writers = [_StreamWriter(folder, segment.first_seq, i, stream) for i, stream in enumerate(schema.streams)]
    summary = Summary()
    heads: list[BatchHead] = []
    try:
        for frame in _frames(segment.path, summary):
            if halt is not None and halt.is_set():
                raise HaltedError
            heads.append(frame.head)
            if frame.head.rows:
                writers[frame.head.stream].add(frame)
        files = [file for writer in writers if (file := writer.finish())]
    finally:
        for writer in writers:
            writer.discard()
    return SealedIndex(summary.bytes, files, [base64.b64encode(head.SerializeToString()).decode() for head in heads])


def _frames(path: Path, summary: Summary) -> Iterator[Frame]:
    with path.open("rb") as file:
        for entry in salvage(file):
            if entry.frame is None:
                raise NotSealableError(f"{path.name} is damaged before byte {entry.end}")
            summary.add(entry.frame.head, entry.size)
            if summary.holes or summary.damage:
                raise NotSealableError(f"{path.name} is damaged at batch {entry.frame.head.seq}")
            yield entry.frame


@dataclass
class _StreamWriter:
    folder: RunFolder
    first_seq: int
    number: int
    stream: StreamSchema
    groups: list[int] = field(default_factory=list)
    _pending: list[pa.Table] = field(default_factory=list)
    _rows: int = 0
    _next_seq: int = 0
    _writer: pq.ParquetWriter | None = None

    def __post_init__(self) -> None:
        self._decoder = columnar.BodyDecoder(self.stream)

    @property
    def path(self) -> Path:
        return self.folder.parquet(self.first_seq, self.number)

    @property
    def part(self) -> Path:
        return self.path.with_suffix(f".{os.getpid()}.part")

    def add(self, frame: Frame) -> None:
        head = frame.head
        self._next_seq = self._next_seq or head.seq
        self._pending.append(numbered(self._decoder.decode(frame.body, head.body_size), head))
        self._rows += head.rows
        if self._rows >= GROUP_ROWS:
            self._flush()

    def finish(self) -> SealedFile | None:
        """Publish the file; None when the stream had no rows in this segment."""
        if self._rows:
            self._flush()
        if self._writer is None:
            return None
        self._writer.close()
        with self.part.open("rb") as file:
            os.fsync(file.fileno())
        size, sha256 = self.part.stat().st_size, digest(self.part)
        self.part.replace(self.path)
        return SealedFile(self.path.name, self.number, size, sha256, self.groups)

    def discard(self) -> None:
        if self._writer is not None:
            self._writer.close()
        with suppress(FileNotFoundError):
            self.part.unlink()

    def _flush(self) -> None:
        table = _by_time(pa.concat_tables(self._pending).unify_dictionaries().combine_chunks())
        if self._writer is None:
            self._writer = _open_writer(self.part, table.schema)
        self._writer.write_table(table, row_group_size=table.num_rows)
        self.groups.append(self._next_seq)
        self._pending, self._rows, self._next_seq = [], 0, 0


def _open_writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    rising = [name for name in RISING if name in schema.names]
    return pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        use_dictionary=[leaf(field) for field in schema if field.name not in rising],
        column_encoding=dict.fromkeys(rising, "DELTA_BINARY_PACKED"),
        write_page_checksum=True,
    )


def numbered(batch: pa.RecordBatch, head: BatchHead) -> pa.Table:
    if batch.num_rows != head.rows:
        raise NotSealableError(f"batch {head.seq} says {head.rows} rows and holds {batch.num_rows}")
    seq = np.full(head.rows, head.seq, dtype=np.uint64)
    row = np.arange(head.first_row, head.first_row + head.rows, dtype=np.uint64)
    table = pa.Table.from_batches([batch])
    return table.append_column(SEQ, pa.array(seq)).append_column(ROW, pa.array(row))


def _by_time(table: pa.Table) -> pa.Table:
    if "time" not in table.schema.names:
        return table
    time = table["time"].to_numpy()
    if bool((time[1:] >= time[:-1]).all()):
        return table
    return table.take(pc.sort_indices(table, sort_keys=[("time", "ascending"), (ROW, "ascending")]))

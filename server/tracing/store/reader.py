"""Read batches by cursor, the same from an open segment and from its sealed form."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from proto.salvage import salvage
from proto.v1.stream_pb2 import BatchHead, RunSchema, StreamSchema
from server.tracing.store.bodies import Bodies, BodyRefused, Unlock
from server.tracing.store.index import RunReader
from server.tracing.store.layout import RunFolder, Segment
from server.tracing.store.model import StoredBatch
from server.tracing.store.sealed import ROW, SEQ, SealedFile, SealedIndex


def read(reader: RunReader, after_seq: int, unlock: Unlock) -> Iterator[StoredBatch]:
    """Every batch behind ``after_seq`` in order of seq; altered ones are left out (the index tells about them)."""
    schema = reader.folder.schema()
    bodies = Bodies(schema, unlock)
    while True:
        segments = reader.segments()
        first = max(bisect_right([segment.first_seq for segment in segments], after_seq + 1) - 1, 0)
        try:
            for segment in segments[first:]:
                for batch in _read_segment(reader, segment, schema, after_seq, bodies):
                    yield batch
                    after_seq = batch.seq
            return
        except FileNotFoundError as error:
            if reader.folder.segments() == segments:
                raise FileNotFoundError(
                    f"{error.filename} is gone: the session was deleted or its folder altered"
                ) from error


def _read_segment(
    reader: RunReader, segment: Segment, schema: RunSchema | None, after_seq: int, bodies: Bodies
) -> Iterator[StoredBatch]:
    if segment.sealed:
        yield from _read_sealed(reader.folder, segment, schema, after_seq)
        return
    offset = reader.offset_after(segment, after_seq)
    with segment.path.open("rb") as file:
        for entry in salvage(file, offset):
            if entry.frame is not None and entry.frame.head.seq > after_seq:
                head = entry.frame.head
                after_seq = head.seq
                try:
                    packed = bodies.packed(entry.frame)
                except BodyRefused as error:
                    reader.refuse(head.seq, str(error))
                    continue
                head.ClearField("encryption")
                yield StoredBatch(head, _stream(schema, head), packed=packed)


def _stream(schema: RunSchema | None, head: BatchHead) -> StreamSchema | None:
    if schema is None or head.stream >= len(schema.streams):
        return None
    return schema.streams[head.stream]


def _read_sealed(
    folder: RunFolder, segment: Segment, schema: RunSchema | None, after_seq: int
) -> Iterator[StoredBatch]:
    try:
        index = SealedIndex.load(segment.path)
    except ValueError:
        return
    heads = [head for head in index.heads if head.seq > after_seq]
    rows = {file.stream: _Rows(folder, file) for file in index.files}
    for head in heads:
        stream = _stream(schema, head)
        if not head.rows:
            yield StoredBatch(head, stream)
        elif head.stream in rows and stream and (batch := rows[head.stream].of(head)) is not None:
            yield StoredBatch(head, stream, rows=batch)


class _Rows:
    """The rows of one stream, one row group in memory at a time."""

    def __init__(self, folder: RunFolder, sealed: SealedFile) -> None:
        self._sealed = sealed
        self._file = _open(folder, sealed)
        self._group = -1
        self._table: pa.Table = pa.table({})
        self._order: np.ndarray[tuple[int], np.dtype[np.int64]] | None = None  # None: stored in order
        self._seqs = np.empty(0, dtype=np.uint64)

    def of(self, head: BatchHead) -> pa.RecordBatch | None:
        """None when they are not what was stored."""
        if self._file is None:
            return None
        self._load(self._file, bisect_right(self._sealed.groups, head.seq) - 1)
        start, end = np.searchsorted(self._seqs, np.array([head.seq, head.seq + 1], dtype=np.uint64))
        if end - start != head.rows:
            return None
        if self._order is None:
            rows = self._table.slice(start, head.rows)
        else:
            rows = self._table.take(pa.array(self._order[start:end]))
        return rows.combine_chunks().to_batches()[0]

    def _load(self, file: pq.ParquetFile, group: int) -> None:
        if group == self._group:
            return
        table = file.read_row_group(group)
        row, seqs = table[ROW].to_numpy(), table[SEQ].to_numpy()
        self._order = None if bool((row[1:] > row[:-1]).all()) else np.argsort(row, kind="stable")
        self._seqs = seqs if self._order is None else seqs[self._order]
        self._table = table.drop_columns([SEQ, ROW])
        self._group = group


def _open(folder: RunFolder, sealed: SealedFile) -> pq.ParquetFile | None:
    """None when the file was removed or altered beyond reading: the other batches are still served."""
    try:
        return pq.ParquetFile(folder.path / sealed.name, page_checksum_verification=True)
    except (FileNotFoundError, OSError, ValueError):
        return None

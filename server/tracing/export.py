"""Whole sessions as files: streamed run by run, batch by batch, with what the books say about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from proto.v1 import tool_pb2
from proto.v1.stream_pb2 import StreamSchema
from server.departure import Departure
from server.errors import Invalid
from server.tracing import rows
from server.tracing.merge import Merged
from server.tracing.question import Question
from server.tracing.rows import RunSource
from server.tracing.selection import Selection
from server.tracing.sources import SessionSource, common_stream
from server.tracing.store import SegmentStore, StoredBatch

Format = Literal["ndjson", "csv", "arrow", "parquet", "folded", "raw"]
Direction = Literal["", "in", "out"]

CONTENT_TYPES: dict[Format, str] = {
    "ndjson": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
    "arrow": "application/vnd.apache.arrow.stream",
    "parquet": "application/vnd.apache.parquet",
    "folded": "text/plain; charset=utf-8",
    "raw": "application/octet-stream",
}
PIECE_ROWS = 64 * 1024
PIECE_BYTES = 256 * 1024 * 1024
ESCAPED = 4  # \\xNN
GROUP_ROWS = 128 * 1024


@dataclass(frozen=True)
class Export:
    """One stream of a session. ``about`` (ledger, books, filters) becomes part of the formats that have a place for it.

    Of ``question`` only the conditions count: rows come in the order in which they were stored.
    """

    store: SegmentStore
    source: SessionSource
    stream_name: str
    about: bytes
    direction: Direction = ""  # of raw: only what was read, or written
    question: Question = field(default_factory=Question)
    departure: Departure = field(default_factory=Departure)

    def write(self, form: Format) -> Iterator[bytes]:
        """Raises Invalid or Conflict before the first piece, when the stream cannot be written in this format."""
        writers: dict[Format, Callable[[Merged], Iterator[bytes]]] = {
            "ndjson": self._ndjson,
            "csv": self._csv,
            "arrow": self._arrow,
            "parquet": self._parquet,
            "folded": self._folded,
            "raw": self._raw,
        }
        merged = common_stream(self.source, self.stream_name)
        self._check(form, merged.stream)
        self._selection(merged).check()
        return writers[form](merged)

    def _check(self, form: Format, stream: StreamSchema) -> None:
        others = "choose ndjson, csv, arrow or parquet"
        if form == "folded" and stream.kind != tool_pb2.KIND_STACKS:
            raise Invalid(f"stream {stream.name} has no stacks; {others}", field="format")
        if form == "raw" and stream.kind != tool_pb2.KIND_BYTES:
            raise Invalid(f"stream {stream.name} has no payload; {others}", field="format")
        if form == "raw" and len(self.source.runs) > 1:
            raise Invalid("raw would mix the bytes of several hosts; the other formats name each row's", field="format")
        if self.direction and (form != "raw" or not rows.has_direction(stream)):
            raise Invalid("only raw bytes of a stream with a direction can be cut down to one", field="direction")

    def _selection(self, merged: Merged) -> Selection:
        return Selection(self.store, self.source, merged, self.question, self.departure)

    def _batches(self, merged: Merged) -> Iterator[tuple[RunSource, pa.RecordBatch]]:
        if self.question.conditions:
            selection = self._selection(merged)
            yield from ((source, batch) for source in self.source.runs for batch in selection.batches(source))
            return
        for source in self.source.runs:
            for stored in self.store.read(self.source.session, source.run):
                for batch in pieces(stored, self.stream_name):
                    yield source, batch

    def _ndjson(self, merged: Merged) -> Iterator[bytes]:
        """Each row has the columns of its host."""
        for source, batch in self._batches(merged):
            yield rows.ndjson(source, source.schema.streams[source.stream_number(self.stream_name) or 0], batch)

    def _csv(self, merged: Merged) -> Iterator[bytes]:
        yield rows.csv_header(merged.stream)
        for source, batch in self._batches(merged):
            yield rows.csv(source, merged.stream, merged.align(source, batch))

    def _folded(self, merged: Merged) -> Iterator[bytes]:
        counts: Counter[str] = Counter()
        for source, batch in self._batches(merged):
            counts.update(rows.folded(merged.stream, merged.align(source, batch)))
        for stack, count in counts.items():
            yield f"{stack} {count}\n".encode()

    def _raw(self, merged: Merged) -> Iterator[bytes]:
        for _, batch in self._batches(merged):
            yield from rows.raw(merged.stream, batch, self.direction)

    def _tables(self, merged: Merged) -> Iterator[pa.RecordBatch]:
        for source, batch in self._batches(merged):
            yield rows.table(source, merged.stream, merged.align(source, batch), merged.lacking)

    def _schema(self, merged: Merged) -> pa.Schema:
        return rows.table_schema(merged.stream, merged.lacking).with_metadata({"fleetscope": self.about})

    def _arrow(self, merged: Merged) -> Iterator[bytes]:
        schema, sink = self._schema(merged), _Pipe()
        with pa.ipc.new_stream(pa.PythonFile(sink, mode="w"), schema) as writer:
            for batch in self._tables(merged):
                writer.write_batch(batch)
                yield sink.take()
        yield sink.take()

    def _parquet(self, merged: Merged) -> Iterator[bytes]:
        schema, sink = self._schema(merged), _Pipe()
        with pq.ParquetWriter(pa.PythonFile(sink, mode="w"), schema, compression="zstd") as writer:
            for table in _grouped(self._tables(merged), schema):
                writer.write_table(table, row_group_size=table.num_rows)
                yield sink.take()
        yield sink.take()


def pieces(stored: StoredBatch, stream_name: str) -> Iterator[pa.RecordBatch]:
    """The batch's rows, if it is of the stream, in pieces whose text stays below Arrow's 2 GB."""
    if stored.stream is None or stored.stream.name != stream_name:
        return
    batch = stored.batch()
    if batch is not None:
        step = _rows_at_once(batch)
        for start in range(0, batch.num_rows, step):
            yield batch.slice(start, step)


def _rows_at_once(batch: pa.RecordBatch) -> int:
    """A few large values, repeated often enough, would be more text than there is memory."""
    texts = [column.dictionary for column in batch.columns if pa.types.is_dictionary(column.type)]
    longest = sum(pc.max(pc.binary_length(values)).as_py() or 0 for values in texts)
    return max(1, min(PIECE_ROWS, PIECE_BYTES // max(1, ESCAPED * longest)))


def _grouped(batches: Iterator[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        if sum(piece.num_rows for piece in waiting) >= GROUP_ROWS:
            yield pa.Table.from_batches(waiting).replace_schema_metadata(schema.metadata)
            waiting = []
    if waiting:
        yield pa.Table.from_batches(waiting).replace_schema_metadata(schema.metadata)


class _Pipe:
    """A file that forgets what was taken out of it."""

    closed = False

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        self._size += len(data)
        return len(data)

    def tell(self) -> int:
        return self._size

    def flush(self) -> None:
        return

    def close(self) -> None:
        self.closed = True

    def take(self) -> bytes:
        taken, self._pieces = b"".join(self._pieces), []
        return taken

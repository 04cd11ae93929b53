"""The rows of one run that pass a question's filters, as they are stored, in the order in which they were stored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from proto.columnar import arrow_schema
from server.departure import Departure
from server.tracing import engine
from server.tracing.merge import Merged
from server.tracing.query import Compiled, Relation, compile_selection
from server.tracing.question import Question
from server.tracing.relations import pieces_of
from server.tracing.rows import RunSource
from server.tracing.sources import SessionSource
from server.tracing.store import SegmentStore

ROWS = 8192  # at once: of 32 KiB each they are 256 MiB


@dataclass(frozen=True)
class Selection:
    """Some rows of a stream, file by file, so that memory holds what one batch needs. Only the conditions count."""

    store: SegmentStore
    source: SessionSource
    merged: Merged
    question: Question
    departure: Departure

    def check(self) -> None:
        """Raises Invalid when the filters do not fit the stream."""
        compile_selection(self.question, self.merged.stream, Relation("", [], "", 0), [])

    def batches(self, run: RunSource) -> Iterator[pa.RecordBatch]:
        """With the run's own columns. Ends early when whoever asked has left."""
        number = run.stream_number(self.merged.stream.name)
        if number is None:
            return
        columns = run.schema.streams[number].columns
        schema = arrow_schema(columns)
        found = engine.cursor(self.store.root, spill=not self.source.encrypted)
        with found as connection, self.departure.stopping(connection.interrupt):
            filters = self.question.filters
            for relation in pieces_of(connection, self.store, self.source, run, self.merged, filters):
                compiled = compile_selection(
                    self.question, self.merged.stream, relation, [column.name for column in columns]
                )
                for batch in self._streamed(connection, compiled):
                    if self.departure.gone:
                        return
                    yield _as_stored(batch, schema)

    def _streamed(self, connection: duckdb.DuckDBPyConnection, compiled: Compiled) -> Iterator[pa.RecordBatch]:
        try:
            yield from connection.sql(compiled.sql, params=compiled.values).to_arrow_reader(ROWS)
        except (duckdb.InterruptException, OSError):  # Arrow passes an interruption on as its own kind of error
            if not self.departure.gone:
                raise


def _as_stored(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    arrays = [_array(values, field.type) for values, field in zip(batch.columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _array(values: pa.Array, kind: pa.DataType) -> pa.Array:
    """Text comes without its dictionaries."""
    if pa.types.is_list(kind):
        flat = values.flatten().cast(kind.value_type.value_type).dictionary_encode()
        offsets = pc.subtract(values.offsets, values.offsets[0])
        return pa.ListArray.from_arrays(offsets, flat.cast(kind.value_type), type=kind)
    if pa.types.is_dictionary(kind):
        return values.cast(kind.value_type).dictionary_encode().cast(kind)
    return values.cast(kind)

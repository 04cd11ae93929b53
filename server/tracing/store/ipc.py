"""Arrow record batches as IPC messages without the schema, and single batches out of dictionary-encoded tables."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc


def messages(batch: pa.RecordBatch) -> bytes:
    """Dictionary and record batch messages; the schema message and the end marker are left out."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
        end = sink.tell()
    return bytes(memoryview(sink.getvalue())[batch.schema.serialize().size : end])


def compact(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The same rows with dictionaries that hold only their own values: a slice drags the whole file's along."""
    return pa.RecordBatch.from_arrays([_compact(column) for column in batch.columns], schema=batch.schema)


def _compact(column: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        return column.dictionary_decode().dictionary_encode()
    if pa.types.is_list(column.type) and pa.types.is_dictionary(column.type.value_type):
        values = column.flatten().dictionary_decode().dictionary_encode()
        offsets = pc.subtract(column.offsets, column.offsets[0])
        return pa.ListArray.from_arrays(offsets, values).cast(column.type)
    return column

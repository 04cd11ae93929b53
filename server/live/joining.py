"""Small batches of the past as one: each that a browser decodes costs it much, however few rows it has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from proto.v1.live_pb2 import Part
from proto.v1.stream_pb2 import StreamSchema
from server.tracing.store import StoredBatch
from server.tracing.store.ipc import compact, messages

SECOND = 10**9


def joined_body(stream: StreamSchema, batches: Sequence[StoredBatch]) -> bytes:
    """The rows of all of them in order, as the messages of one batch."""
    if len(batches) == 1:
        return batches[0].body()
    kept = [batch.rows for batch in batches if batch.rows is not None]
    if len(kept) == len(batches):
        table = pa.Table.from_batches(kept)
    else:
        table = pa.ipc.open_stream(stream.arrow_schema + b"".join(batch.body() for batch in batches)).read_all()
    (rows,) = table.combine_chunks().to_batches()
    return messages(compact(rows))


def parts(batches: Sequence[StoredBatch]) -> Iterator[Part]:
    """How many rows came in each second; a batch counts where it was closed."""
    if len(batches) == 1:
        return
    seconds: dict[int, int] = {}
    for batch in batches:
        second = batch.head.wall_ns // SECOND
        seconds[second] = seconds.get(second, 0) + batch.head.rows
    for second, rows in seconds.items():
        yield Part(rows=rows, wall_ns=second * SECOND)

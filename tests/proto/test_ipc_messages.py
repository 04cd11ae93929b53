"""Finding compression inside Arrow's messages."""

from __future__ import annotations

import pyarrow as pa
import pytest

from proto.ipc_messages import compressed_inside

PLAIN = pa.table({"n": pa.array([1, 2, 3])})
CODED = pa.table({"n": pa.array(["a" * 100, "b" * 100] * 50).dictionary_encode()})


def stream(table: pa.Table, compression: str | None) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


@pytest.mark.parametrize("table", [PLAIN, CODED])
@pytest.mark.parametrize("compression", [None, "zstd", "lz4"])
def test_compression_is_seen_wherever_it_is(table: pa.Table, compression: str | None) -> None:
    assert compressed_inside(stream(table, compression)) == (compression is not None)

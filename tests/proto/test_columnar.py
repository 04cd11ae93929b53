"""Arrow bodies: what goes in comes out, what is hostile is refused."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proto.columnar import (
    END_OF_STREAM,
    BodyError,
    arrow_schema,
    decode_body,
    decompress_body,
    encode_body,
    schema_message,
)
from proto.frame import MAX_DECOMPRESSED
from proto.v1 import tool_pb2 as pb
from proto.v1.stream_pb2 import StreamSchema

COLUMNS = [
    pb.Column(name="time", type=pb.CTYPE_S64),
    pb.Column(name="pid", type=pb.CTYPE_U32),
    pb.Column(name="comm", type=pb.CTYPE_CHAR, size=16),
    pb.Column(name="path", type=pb.CTYPE_STRING),
    pb.Column(name="call", type=pb.CTYPE_NAME),
    pb.Column(name="stack", type=pb.CTYPE_STACK),
]
STREAM = StreamSchema(name="opens", columns=COLUMNS)
ROWS = [
    {"time": 2**62, "pid": 1, "comm": b"a", "path": b"/\xff", "call": "read", "stack": ["main", "f_[k]"]},
    {"time": 2**62 + 1, "pid": 2, "comm": b"", "path": b"", "call": "read", "stack": []},
]


def batch(rows: list[dict[str, object]] = ROWS) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(rows, schema=arrow_schema(COLUMNS))


def packed(raw: bytes) -> tuple[bytes, int]:
    return pa.Codec("zstd").compress(raw, asbytes=True), len(raw)


def messages(table: pa.RecordBatch, times: int = 1, compression: str | None = None) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
        for _ in range(times):
            writer.write_batch(table)
    return bytes(sink.getvalue())[len(schema_message(table.schema)) : -len(END_OF_STREAM)]


def test_a_batch_comes_back_as_it_was() -> None:
    body, size = encode_body(batch())
    assert decode_body(STREAM, body, size).to_pylist() == ROWS


def test_schema_message_and_body_make_a_stream_that_any_arrow_reads() -> None:
    body, size = encode_body(batch())
    stream = schema_message(batch().schema) + decompress_body(body, size) + END_OF_STREAM
    assert pa.ipc.open_stream(stream).read_all().to_pylist() == ROWS


def test_an_empty_batch_is_still_one_batch() -> None:
    body, size = encode_body(batch([]))
    assert decode_body(STREAM, body, size).num_rows == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda body, size: (body, size + 1),
        lambda body, size: (body, size - 1),
        lambda body, size: (body[:-1], size),
        lambda body, size: (body + body, size),
        lambda body, size: (body + b"\0", size),
        lambda body, size: (b"", size),
        lambda body, size: (b"junk" + body, size),
        lambda body, size: (body, 0),
        lambda body, size: (body, MAX_DECOMPRESSED + 1),
        lambda body, size: (body, 2**63),
    ],
)
def test_sizes_must_be_exact(change: Callable[[bytes, int], tuple[bytes, int]]) -> None:
    with pytest.raises(BodyError):
        decode_body(STREAM, *change(*encode_body(batch())))


def test_a_bomb_is_refused_by_its_declared_size() -> None:
    bomb, size = packed(bytes(MAX_DECOMPRESSED * 2))
    with pytest.raises(BodyError, match="limits"):
        decompress_body(bomb, size)
    with pytest.raises(BodyError, match="decompressed"):
        decompress_body(bomb, 1000)


def test_more_than_one_batch_is_refused() -> None:
    with pytest.raises(BodyError, match="more than one"):
        decode_body(STREAM, *packed(messages(batch(), times=2)))


def test_no_batch_at_all_is_refused() -> None:
    with pytest.raises(BodyError, match="no record batch"):
        decode_body(STREAM, *packed(END_OF_STREAM))


@pytest.mark.parametrize("compression", ["zstd", "lz4"])
def test_compression_inside_arrow_is_refused(compression: str) -> None:
    with pytest.raises(BodyError, match="compressed"):
        decode_body(STREAM, *packed(messages(batch(), compression=compression)))


def test_columns_of_another_stream_are_refused() -> None:
    other = pa.RecordBatch.from_pylist([{"time": 1}], schema=pa.schema([("time", pa.int64())]))
    with pytest.raises(BodyError):
        decode_body(STREAM, *packed(messages(other)))


def test_indices_outside_their_dictionary_are_refused() -> None:
    table = batch()
    bad = pa.DictionaryArray.from_arrays(pa.array([0, 77], pa.int32()), pa.array([b"a"]), safe=False)
    table = table.set_column(2, table.schema.field(2), bad)
    with pytest.raises(BodyError, match="not a valid Arrow batch"):
        decode_body(STREAM, *packed(messages(table)))


@given(st.data())
def test_damaged_bytes_never_crash(data: st.DataObject) -> None:
    raw = bytearray(messages(batch()))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        decoded = decode_body(STREAM, *packed(bytes(raw)))
    except BodyError:
        return
    decoded.to_pylist()
    assert decoded.schema == arrow_schema(COLUMNS)

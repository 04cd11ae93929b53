"""Manifest columns as Arrow, and the body of a batch: one record batch in Arrow IPC, without its schema message, in one
zstd frame. The schema travels once a run; every batch carries its own dictionaries and depends on no other.

``BodyDecoder`` treats its input as hostile.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

import pyarrow as pa

from proto.frame import MAX_BODY, MAX_DECOMPRESSED
from proto.ipc_messages import compressed_inside
from proto.v1 import tool_pb2 as pb
from proto.v1.stream_pb2 import StreamSchema

ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
END_OF_STREAM = b"\xff\xff\xff\xff\x00\x00\x00\x00"

BYTES = pa.dictionary(pa.int32(), pa.binary())
NAMES = pa.dictionary(pa.int32(), pa.utf8())

_TYPES: dict[int, pa.DataType] = {
    pb.CTYPE_U8: pa.uint8(),
    pb.CTYPE_U16: pa.uint16(),
    pb.CTYPE_U32: pa.uint32(),
    pb.CTYPE_U64: pa.uint64(),
    pb.CTYPE_S32: pa.int32(),
    pb.CTYPE_S64: pa.int64(),
    pb.CTYPE_CHAR: BYTES,
    pb.CTYPE_STRING: BYTES,
    pb.CTYPE_NAME: NAMES,
    pb.CTYPE_STACK: pa.list_(NAMES),
}


class BodyError(ValueError):
    """The body is not one valid record batch of the stream. The text says which check failed."""


def arrow_type(column: pb.Column) -> pa.DataType:
    return _TYPES[column.type]


def arrow_schema(columns: Iterable[pb.Column]) -> pa.Schema:
    return pa.schema([pa.field(column.name, arrow_type(column), nullable=False) for column in columns])


def schema_message(schema: pa.Schema) -> bytes:
    """The IPC message that, put before a body, makes a readable Arrow stream."""
    return bytes(schema.serialize())


def encode_body(batch: pa.RecordBatch) -> tuple[bytes, int]:
    """The compressed body and its size before compression."""
    sink = pa.BufferOutputStream()
    writer = pa.ipc.new_stream(sink, batch.schema, options=pa.ipc.IpcWriteOptions(use_threads=False))
    writer.write_batch(batch)
    end = sink.tell()
    writer.close()
    start = batch.schema.serialize().size
    raw = sink.getvalue().slice(start, end - start)
    return pa.Codec("zstd", compression_level=1).compress(raw, asbytes=True), raw.size


class BodyDecoder:
    """Decodes bodies of one stream; what all of them share is prepared once."""

    def __init__(self, stream: StreamSchema) -> None:
        self.stream = stream
        self._schema = arrow_schema(stream.columns)
        self._message = schema_message(self._schema)

    def decode(self, body: bytes, body_size: int) -> pa.RecordBatch:
        """Raises BodyError for everything but exactly one record batch of this stream's columns."""
        raw = decompress_body(body, body_size)
        try:
            if compressed_inside(raw):
                raise BodyError("buffers inside the batch are compressed; only the outer zstd frame may be")
            batch = _read_one(pa.BufferReader(self._message + raw + END_OF_STREAM), self._schema)
            batch.validate(full=True)
        except (pa.ArrowException, OSError, struct.error) as error:
            raise BodyError(f"not a valid Arrow batch of stream {self.stream.name}: {_one_line(error)}") from error
        return batch


def decode_body(stream: StreamSchema, body: bytes, body_size: int) -> pa.RecordBatch:
    """One body alone. Raises BodyError."""
    return BodyDecoder(stream).decode(body, body_size)


def decompress_body(body: bytes, body_size: int) -> bytes:
    """The IPC messages. Raises BodyError."""
    if len(body) > MAX_BODY or not 0 < body_size <= MAX_DECOMPRESSED:
        raise BodyError(f"body of {len(body)} bytes that declares {body_size} is over the limits")
    if not body.startswith(ZSTD_MAGIC):
        raise BodyError("the body is not a zstd frame")
    try:
        raw: bytes = pa.Codec("zstd").decompress(body, decompressed_size=body_size, asbytes=True)
    except (pa.ArrowException, OSError) as error:
        raise BodyError(f"the body cannot be decompressed: {_one_line(error)}") from error
    return raw


def _read_one(source: pa.BufferReader, schema: pa.Schema) -> pa.RecordBatch:
    reader = pa.ipc.open_stream(source, options=pa.ipc.IpcReadOptions(ensure_native_endian=False, use_threads=False))
    try:
        batch = reader.read_next_batch()
    except StopIteration:
        raise BodyError("there is no record batch") from None
    if not batch.schema.equals(schema, check_metadata=True):
        raise BodyError("the batch's columns are not the stream's")
    try:
        reader.read_next_batch()
    except StopIteration:
        if source.tell() != source.size():
            raise BodyError("there are bytes behind the record batch") from None
        return batch
    raise BodyError("there is more than one record batch")


def _one_line(error: BaseException) -> str:
    return str(error).splitlines()[0][:200]

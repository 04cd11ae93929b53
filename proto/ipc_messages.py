"""Looks into Arrow IPC messages before Arrow itself does: a compressed buffer inside one may declare any size, so
bodies that have one are refused unread. Offsets follow the flatbuffer tables Message, RecordBatch and DictionaryBatch
of Arrow's format.
"""

from __future__ import annotations

import struct

import pyarrow as pa

_MESSAGE_HEADER = 2
_BATCH_COMPRESSION = 3
_DICTIONARY_DATA = 1


def compressed_inside(messages: bytes) -> bool:
    """True when any record or dictionary batch uses Arrow's own compression. Raises struct.error or Arrow's errors."""
    return any(_is_compressed(message) for message in pa.ipc.MessageReader.open_stream(pa.BufferReader(messages)))


def _is_compressed(message: pa.Message) -> bool:
    data = message.metadata.to_pybytes()
    (root,) = struct.unpack_from("<I", data, 0)
    header = _table(data, root, _MESSAGE_HEADER)
    if message.type == "dictionary" and header:
        header = _table(data, header, _DICTIONARY_DATA)
    return bool(header and _table(data, header, _BATCH_COMPRESSION))


def _table(data: bytes, table: int, field: int) -> int:
    """Position of the table that a field points to, 0 when the field is absent."""
    (back,) = struct.unpack_from("<i", data, table)
    vtable = table - back
    (size,) = struct.unpack_from("<H", data, vtable)
    entry = 4 + 2 * field
    if entry + 2 > size:
        return 0
    (offset,) = struct.unpack_from("<H", data, vtable + entry)
    if not offset:
        return 0
    (forward,) = struct.unpack_from("<I", data, table + offset)
    return int(table + offset + forward)

"""Columns out of the raw bytes of records, by offset: numbers and arrays where they lie, values of any length through a
word that says where in the same bytes they are.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agent.runner.arrays import fixed_bytes_array, meaning, number_array
from bpf.dynamic import Place, RawField
from proto.columnar import arrow_type
from proto.v1 import tool_pb2 as pb

LOCATION_BITS = 16
LENGTH_BYTES = 4


def field_dtype(field: RawField) -> np.dtype[np.generic]:
    """Of what lies at its offset."""
    if field.place is not Place.HERE:
        return np.dtype("u4")
    if field.column.type == pb.CTYPE_CHAR:
        return np.dtype(f"V{field.size}")
    return np.dtype(f"{'i' if field.signed else 'u'}{field.size}")


def located_array(field: RawField, words: np.ndarray, slots: np.ndarray) -> pa.DictionaryArray:
    """``slots``: ``V<4+n>``, the count of raw bytes and their slot; nothing is read from behind those bytes."""
    table = np.ascontiguousarray(slots).view(np.uint8).reshape(len(slots), slots.dtype.itemsize)
    filled = table[:, :4].copy().view(np.uint32).ravel().astype(np.int64)
    starts = (words & ((1 << LOCATION_BITS) - 1)).astype(np.int64)
    starts += field.offset + field.size if field.place is Place.RELATIVE else -field.base
    lengths = (words >> LOCATION_BITS).astype(np.int64)
    inside = (starts >= 0) & (starts <= filled)
    lengths = np.where(inside, np.minimum(lengths, filled - starts), 0)
    coded = pc.dictionary_encode(_gathered(table, np.where(inside, starts, 0) + LENGTH_BYTES, lengths))
    make = meaning(field.column)
    values = [make(value) for value in coded.dictionary.to_pylist()]
    return pa.DictionaryArray.from_arrays(coded.indices, pa.array(values, pa.binary()))


def _gathered(table: np.ndarray, starts: np.ndarray, lengths: np.ndarray) -> pa.Array:
    """A mask over the bytes: their indices would take eight times as much memory as they do."""
    offsets = np.zeros(len(table) + 1, np.int32)
    np.cumsum(lengths, out=offsets[1:])
    first, behind = int(starts.min(initial=table.shape[1])), int((starts + lengths).max(initial=0))
    place = np.arange(first, max(behind, first))
    wanted = (place >= starts[:, None]) & (place < (starts + lengths)[:, None])
    data = table[:, first : max(behind, first)][wanted]
    return pa.Array.from_buffers(pa.binary(), len(table), [None, pa.py_buffer(offsets), pa.py_buffer(data)])


def here_array(field: RawField, values: np.ndarray) -> pa.Array:
    """Numbers in the width of their column, which may be larger than that of the field."""
    if field.column.type == pb.CTYPE_CHAR:
        return fixed_bytes_array(values, meaning(field.column))
    kind = arrow_type(field.column)
    wanted = np.dtype(kind.to_pandas_dtype())
    return number_array(values if values.dtype == wanted else values.astype(wanted), kind)

"""Events: one ring for each record size, joined into batches in the order of time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from agent.runner.arrays import (
    binary_dictionary,
    fixed_bytes_array,
    join_dictionaries,
    name_array,
    number_array,
    slot_array,
)
from agent.runner.readers import BATCH_ROWS
from agent.runner.readers.ring import RingReader
from bpf.emitters import ZEROED_SLOT
from bpf.layout import row_members, string_column, struct_dtype
from proto.columnar import arrow_schema, arrow_type
from proto.v1 import tool_pb2 as pb

BUFFER_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class RingSource:
    map_fd: int
    ring_bytes: int


class EventsReader:
    """``rings`` in the order of the string's size classes; one ring for a stream without string."""

    def __init__(
        self, stream: int, columns: Sequence[pb.Column], rings: Sequence[RingSource], names: Callable[[int], str]
    ) -> None:
        self.stream = stream
        self._columns = list(columns)
        self._schema = arrow_schema(self._columns)
        self._string = string_column(self._columns)
        self._names = names
        classes = list(self._string.classes) if self._string else [0]
        self._zeroed = [size <= ZEROED_SLOT for size in classes]
        self._rings = [
            RingReader(ring.map_fd, ring.ring_bytes, record_dtype(self._columns, size), BUFFER_BYTES)
            for ring, size in zip(rings, classes, strict=True)
        ]

    def drain(self) -> int:
        return sum(ring.read() for ring in self._rings)

    def waiting(self) -> int:
        return max(ring.gathered for ring in self._rings)

    def take(self, *, final: bool) -> Iterator[pa.RecordBatch]:  # noqa: ARG002 - events are never held back
        found = [(ring.take(), zeroed) for ring, zeroed in zip(self._rings, self._zeroed, strict=True) if ring.gathered]
        if found:
            yield from self._batches([records for records, _ in found], [zeroed for _, zeroed in found])

    def close(self) -> None:
        for ring in self._rings:
            ring.close()

    def _batches(self, parts: list[np.ndarray], zeroed: list[bool]) -> Iterator[pa.RecordBatch]:
        order = _time_order([part["time"] for part in parts])
        arrays = [self._array(column, parts, zeroed, order) for column in self._columns]
        batch = pa.RecordBatch.from_arrays(arrays, schema=self._schema)
        for start in range(0, batch.num_rows, BATCH_ROWS):
            yield batch.slice(start, BATCH_ROWS)

    def _array(
        self, column: pb.Column, parts: list[np.ndarray], zeroed: list[bool], order: np.ndarray | None
    ) -> pa.Array:
        if column.type == pb.CTYPE_STRING:
            coded = [slot_array(part[column.name], zeroed=zero) for part, zero in zip(parts, zeroed, strict=True)]
            return _ordered_dictionary(coded, order)
        values = parts[0][column.name] if len(parts) == 1 else np.concatenate([part[column.name] for part in parts])
        if order is not None:
            values = values[order]
        if column.type == pb.CTYPE_CHAR:
            return fixed_bytes_array(values)
        if column.type == pb.CTYPE_NAME:
            return name_array(values, self._names)
        return number_array(values, arrow_type(column))


def record_dtype(columns: Sequence[pb.Column], slot: int) -> np.dtype[np.void]:
    """One ring record; the string's field holds its length and its slot together."""
    string = string_column(columns)
    fixed = struct_dtype(row_members(columns))
    if string is None:
        return fixed
    fields = {name: field for name, field in (fixed.fields or {}).items() if name != f"{string.name}_len"}
    length_at = fixed.itemsize - 4
    return np.dtype(
        {
            "names": [*fields, string.name],
            "formats": [*(field[0] for field in fields.values()), f"V{4 + slot}"],
            "offsets": [*(field[1] for field in fields.values()), length_at],
            "itemsize": fixed.itemsize + slot,
        }
    )


def _time_order(times: list[np.ndarray]) -> np.ndarray | None:
    """None when the rows are in order already, as they nearly always are with one ring and one CPU."""
    joined = times[0] if len(times) == 1 else np.concatenate(times)
    if (joined[1:] >= joined[:-1]).all():
        return None
    return np.argsort(joined, kind="stable")


def _ordered_dictionary(parts: list[pa.DictionaryArray], order: np.ndarray | None) -> pa.DictionaryArray:
    if len(parts) == 1 and order is None:
        return parts[0]
    indices, dictionary = join_dictionaries(parts)
    return binary_dictionary(indices if order is None else indices[order], dictionary)

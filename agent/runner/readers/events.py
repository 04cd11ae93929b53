"""Events and bytes: one ring for each record size, joined into batches in the order of time, in which all that a
thread did follows what it did before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from agent.runner.arrays import (
    binary_dictionary,
    char_array,
    join_dictionaries,
    name_array,
    number_array,
    slot_array,
    text_array,
)
from agent.runner.readers import BATCH_ROWS
from agent.runner.readers.raw import field_dtype, here_array, located_array
from agent.runner.readers.ring import RingReader
from agent.runner.readers.watermark import Watermark
from bpf.containers import group_column
from bpf.dynamic import RAW, Place, RawField, without_raw
from bpf.emitters import ZEROED_SLOT
from bpf.layout import row_members, string_column, struct_dtype
from proto.columnar import arrow_schema, arrow_type
from proto.v1 import tool_pb2 as pb

BUFFER_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class RingSource:
    map_fd: int
    ring_bytes: int


@dataclass(frozen=True, slots=True)
class Rows:
    """Columns of records of one size. ``zeroed``: what lies behind a string in its slot is zero."""

    columns: Mapping[str, np.ndarray]
    zeroed: bool

    def __len__(self) -> int:
        return len(self.columns["time"])


class ColumnBuffer:
    """Records of one size, taken apart into columns as they come."""

    def __init__(self, record: np.dtype[np.void], *, zeroed: bool) -> None:
        """``zeroed``: what lies behind a string in its slot is zero."""
        self._capacity = max(BUFFER_BYTES // record.itemsize, 1)
        self._columns = {name: np.empty(self._capacity, record[name]) for name in record.names or ()}
        self._record_bytes = record.itemsize
        self.zeroed = zeroed
        self.rows = 0
        self.latest = 0  # time of all rows that ever came

    @property
    def room(self) -> int:
        return self._capacity - self.rows

    @property
    def filled_bytes(self) -> int:
        return self.rows * self._record_bytes

    def append(self, records: np.ndarray) -> None:
        end = self.rows + len(records)
        for name, column in self._columns.items():
            column[self.rows : end] = records[name]
        self.latest = max(self.latest, int(records["time"].max()))
        self.rows = end

    def take(self, until: int | None) -> Rows:
        """Those up to this time, or all of them. Valid until the buffer is filled again."""
        held = {name: column[: self.rows] for name, column in self._columns.items()}
        ready = held["time"] <= until if until is not None else None
        if ready is None or ready.all():
            self.rows = 0
            return Rows(held, zeroed=self.zeroed)
        given = Rows({name: column[ready] for name, column in held.items()}, zeroed=self.zeroed)
        self.rows -= int(ready.sum())
        for name, column in held.items():
            self._columns[name][: self.rows] = column[~ready]
        return given


class EventsReader:
    """``columns`` as C fills them; ``rings`` in the order of the string's size classes, one ring for a stream without
    string; ``fields`` are the columns that lie in raw bytes; ``containers`` names the container of a control group.
    """

    def __init__(
        self,
        stream: int,
        columns: Sequence[pb.Column],
        rings: Sequence[RingSource],
        names: Callable[[int], str],
        fields: Sequence[RawField] = (),
        containers: Callable[[int], str] | None = None,
    ) -> None:
        self.stream = stream
        self._columns = without_raw(columns)
        self._fields = list(fields)
        self._schema = arrow_schema([*self._columns, *(field.column for field in fields)])
        self._names = names
        self._containers = containers or (lambda _: "")
        self._group = group_column(columns)
        string = string_column(columns)
        records = [(size, record_dtype(columns, size, fields)) for size in (string.classes if string else [0])]
        self._rings = [
            RingReader(ring.map_fd, ring.ring_bytes, record) for ring, (_, record) in zip(rings, records, strict=True)
        ]
        self._buffers = [ColumnBuffer(record, zeroed=size <= ZEROED_SLOT) for size, record in records]
        self._mark = Watermark(self._rings)

    def drain(self) -> int:
        moved = 0
        self._mark.before_read()
        for ring, buffer in zip(self._rings, self._buffers, strict=True):
            moved += ring.read(buffer.append, buffer.room) * ring.stride
        self._mark.after_read([buffer.latest for buffer in self._buffers])
        return moved

    def waiting(self) -> int:
        return max(buffer.filled_bytes for buffer in self._buffers)

    def take(self, *, final: bool) -> Iterator[pa.RecordBatch]:
        until = None if final else self._until()
        filled = [rows for rows in (buffer.take(until) for buffer in self._buffers) if len(rows)]
        if not filled:
            return
        order = _time_order([rows.columns["time"] for rows in filled])
        arrays = [self._array(column, filled, order) for column in self._columns]
        arrays += [self._field(field, filled, order) for field in self._fields]
        batch = pa.RecordBatch.from_arrays(arrays, schema=self._schema)
        for start in range(0, batch.num_rows, BATCH_ROWS):
            yield batch.slice(start, BATCH_ROWS)

    def _until(self) -> int | None:
        """One ring is in order by itself."""
        return None if len(self._rings) == 1 else self._mark.time

    def close(self) -> None:
        for ring in self._rings:
            ring.close()

    def _array(self, column: pb.Column, filled: list[Rows], order: np.ndarray | None) -> pa.Array:
        if column.unit == pb.UNIT_CONTAINER and self._group:
            groups = [rows.columns[self._group.name] for rows in filled]
            return text_array(_ordered(groups, order), self._containers)
        parts = [rows.columns[column.name] for rows in filled]
        if column.type == pb.CTYPE_STRING:
            slots = zip(parts, filled, strict=True)
            return _ordered_dictionary([slot_array(part, zeroed=rows.zeroed) for part, rows in slots], order)
        values = _ordered(parts, order)
        if column.type == pb.CTYPE_CHAR:
            return char_array(column, values)
        if column.type == pb.CTYPE_NAME:
            return name_array(values, self._names)
        return number_array(values, arrow_type(column))

    def _field(self, field: RawField, filled: list[Rows], order: np.ndarray | None) -> pa.Array:
        parts = [rows.columns[field.column.name] for rows in filled]
        if field.place is Place.HERE:
            return here_array(field, _ordered(parts, order))
        slots = [rows.columns[RAW] for rows in filled]
        located = [located_array(field, words, raw) for words, raw in zip(parts, slots, strict=True)]
        return _ordered_dictionary(located, order)


def record_dtype(columns: Sequence[pb.Column], slot: int, raw: Sequence[RawField] = ()) -> np.dtype[np.void]:
    """One ring record; the string's field holds its length and its slot together. Fields of raw bytes are fields of the
    record, so that they are taken apart like all others; the raw bytes themselves are kept where a field points into
    them.
    """
    string = string_column(columns)
    fixed = struct_dtype(row_members(columns))
    if string is None:
        return fixed
    length = f"{string.name}_len"
    formats = {name: field[0] for name, field in (fixed.fields or {}).items() if name != length}
    offsets = {name: field[1] for name, field in (fixed.fields or {}).items() if name != length}
    if string.name != RAW or any(field.place is not Place.HERE for field in raw):
        formats[string.name], offsets[string.name] = np.dtype(f"V{4 + slot}"), fixed.itemsize - 4
    for field in raw:
        formats[field.column.name], offsets[field.column.name] = field_dtype(field), fixed.itemsize + field.offset
    return np.dtype(
        {
            "names": list(formats),
            "formats": list(formats.values()),
            "offsets": list(offsets.values()),
            "itemsize": fixed.itemsize + slot,
        }
    )


def _time_order(times: list[np.ndarray]) -> np.ndarray | None:
    """None when the rows are in order already, as they nearly always are with one ring and one CPU."""
    joined = times[0] if len(times) == 1 else np.concatenate(times)
    if (joined[1:] >= joined[:-1]).all():
        return None
    return np.argsort(joined, kind="stable")


def _ordered(parts: list[np.ndarray], order: np.ndarray | None) -> np.ndarray:
    values = parts[0] if len(parts) == 1 else np.concatenate(parts)
    return values if order is None else values[order]


def _ordered_dictionary(parts: list[pa.DictionaryArray], order: np.ndarray | None) -> pa.DictionaryArray:
    if len(parts) == 1 and order is None:
        return parts[0]
    indices, dictionary = join_dictionaries(parts)
    return binary_dictionary(indices if order is None else indices[order], dictionary)

"""The rows of several hosts in one table, where their kernels gave the same stream different columns.

Columns of one name and one meaning are one column. Of one name and different meanings they are two, the later one named
after its type. A column that a host lacks is empty in its rows, and its help says where.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import pyarrow as pa

from proto.columnar import arrow_type
from proto.shortform import enum_short
from proto.v1 import tool_pb2
from proto.v1.stream_pb2 import StreamSchema
from proto.v1.tool_pb2 import Column
from server.tracing.rows import RunSource


@dataclass(slots=True)
class Merged:
    """``own``: for each run, what each of its columns is called in ``stream``, in the run's order."""

    stream: StreamSchema
    own: dict[UUID, list[str]] = field(default_factory=dict)
    lacking: dict[str, list[str]] = field(default_factory=dict)  # column to hosts

    def stored_name(self, run: RunSource, name: str) -> str | None:
        """What the run calls the column; None when it has none."""
        own, number = self.own.get(run.run, []), run.stream_number(self.stream.name)
        if number is None or name not in own:
            return None
        return run.schema.streams[number].columns[own.index(name)].name

    def align(self, run: RunSource, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The run's rows with all columns; those that it lacks are null."""
        own = dict(zip(self.own[run.run], batch.columns, strict=True))
        columns = self.stream.columns
        arrays = [own[c.name] if c.name in own else pa.nulls(batch.num_rows, arrow_type(c)) for c in columns]
        return pa.RecordBatch.from_arrays(arrays, names=[column.name for column in columns])


def merge(found: Sequence[tuple[RunSource, StreamSchema]]) -> Merged:
    """Of one stream as each run sent it; at least one."""
    first = found[0][1]
    if all(stream == first for _, stream in found[1:]):
        names = [column.name for column in first.columns]
        return Merged(first, {run.run: names for run, _ in found})
    merged = Merged(StreamSchema())
    merged.stream.CopyFrom(found[0][1])
    del merged.stream.columns[:]
    columns: dict[str, Column] = {}
    for run, stream in found:
        merged.own[run.run] = [_place(columns, column) for column in stream.columns]
    for name, column in columns.items():
        if hosts := [run.host for run, _ in found if name not in merged.own[run.run]]:
            merged.lacking[name] = hosts
            column.help = f"{column.help}; not on {', '.join(hosts)}"
    merged.stream.columns.extend(columns.values())
    return merged


def _place(columns: dict[str, Column], column: Column) -> str:
    """The name under which the column stands among the others."""
    for name in _names(column):
        known = columns.get(name)
        if known is None:
            columns[name] = Column()
            columns[name].CopyFrom(column)
            columns[name].name = name
            return name
        if _same(known, column):
            new = [symbol for symbol in column.symbols if symbol not in known.symbols]
            known.symbols.extend(new)
            return name
    raise AssertionError("names never end")


def _names(column: Column) -> Iterable[str]:
    yield column.name
    kind = enum_short(tool_pb2.CType.DESCRIPTOR, column.type)
    yield f"{column.name}_{kind}"
    number = 2
    while True:
        yield f"{column.name}_{kind}_{number}"
        number += 1


def _same(one: Column, other: Column) -> bool:
    """Values of both may stand below each other and be read alike."""
    if (one.type, one.unit, one.role, one.flags) != (other.type, other.unit, other.role, other.flags):
        return False
    names = {symbol.value: symbol.name for symbol in one.symbols}
    return all(names.get(symbol.value, symbol.name) == symbol.name for symbol in other.symbols)

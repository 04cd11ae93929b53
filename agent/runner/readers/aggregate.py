"""Aggregates (top, histogram, stacks, counters): BPF adds up for ever; each interval becomes rows of what it added."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from agent.clock import boot_ns
from agent.runner.arrays import char_array, name_array, number_array
from agent.runner.readers import BATCH_ROWS
from agent.runner.readers.maps import MapContent, PercpuHash
from agent.runner.readers.stacks import StackKeys
from bpf.layout import key_members, struct_dtype, value_members
from proto.columnar import arrow_schema, arrow_type
from proto.v1 import tool_pb2 as pb

SECOND = 1_000_000_000

StackColumn = Callable[[StackKeys], pa.Array]


@dataclass(frozen=True, slots=True)
class AggregateSource:
    map_fd: int
    capacity: int
    interval_ns: int


class AggregateReader:
    """``stacks`` turns stack ids into frames; only streams of stacks need it."""

    def __init__(
        self,
        stream: int,
        columns: Sequence[pb.Column],
        source: AggregateSource,
        names: Callable[[int], str],
        stacks: StackColumn | None = None,
    ) -> None:
        self.stream = stream
        self._columns = list(columns)
        self._schema = arrow_schema(self._columns)
        self._key = struct_dtype(key_members(self._columns))
        self._fields = [member.name for member in value_members(self._columns)]
        self._map = PercpuHash(source.map_fd, self._key.itemsize, len(self._fields), source.capacity)
        self._interval = source.interval_ns
        self._due = boot_ns() + source.interval_ns
        self._names = names
        self._stacks = stacks
        self._before = MapContent(np.empty(0, f"S{self._key.itemsize}"), np.empty((0, len(self._fields)), np.uint64))

    def drain(self) -> int:
        return 0

    def waiting(self) -> int:
        return 0

    def take(self, *, final: bool) -> Iterator[pa.RecordBatch]:
        now = boot_ns()
        if now < self._due and not final:
            return
        self._due = max(self._due + self._interval, now)
        content = self._map.read()
        keys, added = added_since(self._before, content)
        self._before = content
        if len(keys):
            batch = self._batch(keys, added, now)
            yield from (batch.slice(start, BATCH_ROWS) for start in range(0, batch.num_rows, BATCH_ROWS))

    def close(self) -> None:
        self._before = MapContent(self._before.keys[:0], self._before.values[:0])

    def _batch(self, keys: np.ndarray, added: np.ndarray, now: int) -> pa.RecordBatch:
        records = np.frombuffer(keys.tobytes(), self._key)
        arrays = [self._array(column, records, added, now) for column in self._columns]
        return pa.RecordBatch.from_arrays(arrays, schema=self._schema)

    def _array(self, column: pb.Column, records: np.ndarray, added: np.ndarray, now: int) -> pa.Array:
        if column.role == pb.ROLE_TIME:
            return number_array(np.full(len(records), now, np.int64), pa.int64())
        if column.role == pb.ROLE_MEASURE:
            return number_array(added[:, self._fields.index(column.name)], arrow_type(column))
        if column.type == pb.CTYPE_STACK:
            return self._stack_array(column.name, records)
        if column.type == pb.CTYPE_CHAR:
            return char_array(column, np.ascontiguousarray(records[column.name]))
        if column.type == pb.CTYPE_NAME:
            return name_array(records[column.name], self._names)
        return number_array(records[column.name], arrow_type(column))

    def _stack_array(self, name: str, records: np.ndarray) -> pa.Array:
        if self._stacks is None:
            raise ValueError(f"stream {self.stream} has stacks and no table to look them up in")
        members = {member: records[member] for member in self._key.names or ()}
        kernel, user = members[f"{name}_kernel"], members[f"{name}_user"]
        return self._stacks(StackKeys(kernel, user, members.get("pid"), members.get(f"{name}_caller")))


def added_since(before: MapContent, after: MapContent) -> tuple[np.ndarray, np.ndarray]:
    """Keys whose values changed, with what was added to each."""
    if len(before.keys) == len(after.keys) and (before.keys == after.keys).all():
        added = after.values - before.values
    else:
        added = after.values.copy()
        order = np.argsort(after.keys)
        added[order[np.searchsorted(after.keys, before.keys, sorter=order)]] -= before.values
    changed = added.any(axis=1)
    return after.keys[changed], added[changed]

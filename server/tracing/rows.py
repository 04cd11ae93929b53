"""The rows of one run for people: wall-clock time, a host column, in text bytes made readable by one rule.

Everything is done column by column: a value that repeats is made readable once, and no Python runs for a single row.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from uuid import UUID

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from proto.columnar import arrow_type
from proto.text import escape, join_argv, split_argv
from proto.v1 import tool_pb2
from proto.v1.stream_pb2 import RunSchema, StreamSchema
from proto.v1.tool_pb2 import Column

HOST = "host"
WALL = pa.timestamp("ns", tz="UTC")
# The last four are the full-width forms of the first, which some spreadsheets take for them (OWASP, "CSV Injection").
_FORMULA = tuple("=+-@\t\r\n\0\uff1d\uff0b\uff0d\uff20")
_QUOTED = frozenset('",\r\n')


@dataclass(frozen=True, slots=True)
class RunSource:
    """Whose rows: what is needed of a run to show them."""

    run: UUID
    host: str
    schema: RunSchema
    boot_ns: int
    wall_ns: int

    def stream_number(self, name: str) -> int | None:
        return next((number for number, stream in enumerate(self.schema.streams) if stream.name == name), None)


def ndjson(source: RunSource, stream: StreamSchema, batch: pa.RecordBatch, *, tag: bool = False) -> bytes:
    """One JSON object a line. ``tag`` adds the stream's name."""
    opening = b'{"host":' + orjson.dumps(source.host) + (b',"stream":' + orjson.dumps(stream.name) if tag else b"")
    parts: list[pa.Array | pa.Scalar] = [pa.scalar(opening.decode())]
    for column, values in zip(stream.columns, batch.columns, strict=True):
        parts.append(pa.scalar(f",{orjson.dumps(column.name).decode()}:"))
        parts += _json(source, column, values)
    return _lines([*parts, pa.scalar("}\n")], batch.num_rows)


def csv_header(stream: StreamSchema) -> bytes:
    return (",".join([HOST, *(_csv_cell(column.name) for column in stream.columns)]) + "\r\n").encode()


def csv(source: RunSource, stream: StreamSchema, batch: pa.RecordBatch) -> bytes:
    """RFC 4180 lines; text that a spreadsheet would take for a formula starts with an apostrophe."""
    parts: list[pa.Array | pa.Scalar] = [pa.scalar(_csv_cell(source.host))]
    for column, values in zip(stream.columns, batch.columns, strict=True):
        parts += [pa.scalar(","), *_csv(source, column, values)]
    return _lines([*parts, pa.scalar("\r\n")], batch.num_rows)


def folded(stream: StreamSchema, batch: pa.RecordBatch) -> dict[str, int]:
    """Stacks and how often: ``root;...;leaf``, with the program's name first when the stream has one."""
    stack = next(column.name for column in stream.columns if column.type == tool_pb2.CTYPE_STACK)
    frames = _over_values(batch[stack].flatten(), _folded_frame)
    lines = _joined(batch[stack], frames, ";")
    comm = next((column.name for column in stream.columns if column.unit == tool_pb2.UNIT_COMM), None)
    if comm is not None:
        name = _over_values(batch[comm], lambda data: _folded_frame(escape(data)))
        lines = pc.binary_join_element_wise(name, lines, ";")
    counts = batch[stream.hits] if stream.hits else pa.array([1] * batch.num_rows, pa.uint64())
    summed = pa.table({"stack": lines, "count": counts}).group_by("stack").aggregate([("count", "sum")])
    return dict(zip(summed["stack"].to_pylist(), summed["count_sum"].to_pylist(), strict=True))


def has_direction(stream: StreamSchema) -> bool:
    return any(column.unit == tool_pb2.UNIT_DIRECTION for column in stream.columns)


def raw(stream: StreamSchema, batch: pa.RecordBatch, direction: str = "") -> Iterator[bytes]:
    """The payload of each row, not joined: a small batch may repeat a large value. ``direction``: only of such rows."""
    payload = next(column.name for column in stream.columns if column.role == tool_pb2.ROLE_PAYLOAD)
    codes = batch[payload].indices
    if direction:
        word = next(column.name for column in stream.columns if column.unit == tool_pb2.UNIT_DIRECTION)
        codes = codes.filter(pc.equal(batch[word].dictionary_decode(), direction.encode()))
    values = batch[payload].dictionary.to_pylist()
    return (values[code] for code in codes.to_pylist())


def table_schema(stream: StreamSchema, lacking: Collection[str] = ()) -> pa.Schema:
    """What ``table`` returns. ``lacking``: columns that some host has not, whose rows hold null there."""
    fields = [
        pa.field(c.name, WALL if _is_time(c) else arrow_type(c), nullable=c.name in lacking) for c in stream.columns
    ]
    return pa.schema([pa.field(HOST, pa.dictionary(pa.int32(), pa.utf8()), nullable=False), *fields])


def table(
    source: RunSource, stream: StreamSchema, batch: pa.RecordBatch, lacking: Collection[str] = ()
) -> pa.RecordBatch:
    """The stored columns, raw bytes and all, behind the host and with the wall clock's time."""
    zeros = pa.nulls(batch.num_rows, pa.int32()).fill_null(0)
    host = pa.DictionaryArray.from_arrays(zeros, pa.array([source.host]))
    columns = [
        _wall(source, values).cast(WALL) if _is_time(column) else values
        for column, values in zip(stream.columns, batch.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays([host, *columns], schema=table_schema(stream, lacking))


def _lines(parts: list[pa.Array | pa.Scalar], rows: int) -> bytes:
    if not rows:
        return b""
    joined = pc.binary_join_element_wise(*parts, pa.scalar(""))
    data: bytes = joined.buffers()[2].to_pybytes()
    return data[: pc.sum(pc.binary_length(joined)).as_py()]


def _is_time(column: Column) -> bool:
    return column.unit == tool_pb2.UNIT_BOOT_TIME


def _wall(source: RunSource, values: pa.Array) -> pa.Array:
    return pc.add(values, source.wall_ns - source.boot_ns)


def _clock(source: RunSource, values: pa.Array) -> list[pa.Array | pa.Scalar]:
    """RFC 3339 in UTC with nanoseconds."""
    stamp = _wall(source, values).cast(pa.timestamp("ns"))
    date, clock = (stamp.cast(kind).cast(pa.utf8()) for kind in (pa.date32(), pa.time64("ns")))
    return [date, pa.scalar("T"), clock, pa.scalar("Z")]


def _json(source: RunSource, column: Column, values: pa.Array) -> list[pa.Array | pa.Scalar]:
    quote, kind = pa.scalar('"'), values.type
    if _is_time(column):
        return [quote, *_clock(source, values), quote]
    if pa.types.is_list(kind):
        inner = _over_values(values.flatten(), lambda text: orjson.dumps(text).decode())
        return [pa.scalar("["), _joined(values, inner, ","), pa.scalar("]")]
    if not pa.types.is_dictionary(kind):
        return [values.cast(pa.utf8())]
    if column.unit == tool_pb2.UNIT_ARGV:
        return [_over_values(values, lambda data: orjson.dumps(split_argv(data)).decode())]
    return [_over_values(values, lambda data: orjson.dumps(_text(data)).decode())]


def _csv(source: RunSource, column: Column, values: pa.Array) -> list[pa.Array | pa.Scalar]:
    kind = values.type
    if values.null_count:
        return [pa.scalar("")]  # the host has no such column
    if _is_time(column):
        return _clock(source, values)
    if pa.types.is_list(kind):
        inner = _over_values(values.flatten(), lambda text: text.replace('"', '""'))
        joined = _joined(values, inner, ";")
        guard = pc.if_else(_starts_formula(joined), "'", "")
        return [pa.scalar('"'), guard, joined, pa.scalar('"')]
    if not pa.types.is_dictionary(kind):
        return [values.cast(pa.utf8())]
    if column.unit == tool_pb2.UNIT_ARGV:
        return [_over_values(values, lambda data: _csv_cell(join_argv(data)))]
    return [_over_values(values, lambda data: _csv_cell(_text(data)))]


def _over_values(column: pa.Array, make: Callable[..., str]) -> pa.Array:
    """Every value of a dictionary column through ``make``, each different one once."""
    made = pa.array([make(value) for value in column.dictionary.to_pylist()], pa.utf8())
    return made.take(column.indices)


def _joined(lists: pa.Array, values: pa.Array, separator: str) -> pa.Array:
    """The lists with other values in place of their own, each as one text."""
    return pc.binary_join(pa.ListArray.from_arrays(pc.subtract(lists.offsets, lists.offsets[0]), values), separator)


def _text(value: bytes | str) -> str:
    return escape(value) if isinstance(value, bytes) else value


def is_formula(text: str) -> bool:
    """A spreadsheet might run a cell that starts like this (OWASP ASVS 1.2.10)."""
    return text.startswith(_FORMULA)


def _starts_formula(texts: pa.Array) -> pa.Array:
    return pc.is_in(pc.utf8_slice_codeunits(texts, 0, 1), pa.array(_FORMULA))


def _csv_cell(text: str) -> str:
    guarded = f"'{text}" if is_formula(text) else text
    return '"' + guarded.replace('"', '""') + '"' if _QUOTED & set(guarded) else guarded


def _folded_frame(text: str) -> str:
    return text.replace(";", ":").replace("\n", "\\x0a")

"""Which counts are kept of a stream: by second, by the values of one column, by the powers of two of one measure."""

from __future__ import annotations

from dataclasses import dataclass

from proto.v1 import tool_pb2
from proto.v1.stream_pb2 import StreamSchema
from proto.v1.tool_pb2 import Column

SECOND_NS = 10**9
MAX_KEYS = 16  # of a tracepoint with more fields the first ones
# No column has a name like these: columns are called what C allows.
CUBE = ":cube"
COUNT = ":count"

_NO_KEYS = frozenset({tool_pb2.ROLE_TIME, tool_pb2.ROLE_MEASURE, tool_pb2.ROLE_PAYLOAD, tool_pb2.ROLE_STACK})
_NUMBERS = frozenset(
    {
        tool_pb2.CTYPE_U8,
        tool_pb2.CTYPE_U16,
        tool_pb2.CTYPE_U32,
        tool_pb2.CTYPE_U64,
        tool_pb2.CTYPE_S32,
        tool_pb2.CTYPE_S64,
    }
)


@dataclass(frozen=True, slots=True)
class Cube:
    """Rows that agree in each of these are one row of the cube."""

    second: bool = False  # of the wall clock
    key: str = ""  # a column
    slot: str = ""  # a measure, by powers of two


def cubes(stream: StreamSchema) -> list[Cube]:
    """The order is part of the files' format."""
    timed = time_column(stream) is not None
    found = [Cube(second=True)] if timed else []
    found += _by_key(keys(stream), timed=timed)
    found += [Cube(second=timed, slot=measure) for measure in measures(stream)]
    return found + _by_key(stacks(stream), timed=timed)


def _by_key(names: list[str], *, timed: bool) -> list[Cube]:
    """Each behind the finer one that it can be added up from."""
    both = ([Cube(second=True, key=name), Cube(key=name)] if timed else [Cube(key=name)] for name in names)
    return [cube for found in both for cube in found]


def time_column(stream: StreamSchema) -> str | None:
    return next((column.name for column in stream.columns if column.unit == tool_pb2.UNIT_BOOT_TIME), None)


def keys(stream: StreamSchema) -> list[str]:
    return [column.name for column in stream.columns if _is_key(column)][:MAX_KEYS]


def stacks(stream: StreamSchema) -> list[str]:
    return [column.name for column in stream.columns if column.type == tool_pb2.CTYPE_STACK][:MAX_KEYS]


def measures(stream: StreamSchema) -> list[str]:
    return [
        column.name
        for column in stream.columns
        if column.role == tool_pb2.ROLE_MEASURE and column.type in _NUMBERS and not _is_time(column)
    ]


def slot_name(measure: str) -> str:
    return f":slot {measure}"


def sum_name(measure: str) -> str:
    return f":sum {measure}"


def min_name(measure: str) -> str:
    return f":min {measure}"


def max_name(measure: str) -> str:
    return f":max {measure}"


def _is_key(column: Column) -> bool:
    return column.role not in _NO_KEYS and column.type != tool_pb2.CTYPE_STACK and not _is_time(column)


def _is_time(column: Column) -> bool:
    return column.unit == tool_pb2.UNIT_BOOT_TIME

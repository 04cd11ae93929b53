"""How a run of the tool `tracepoint` reads the fields of the tracepoint that it is about."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from agent.kernel.field_columns import BASE, column_name, number_shape, raw_fields
from agent.kernel.tracepoint_request import FieldCondition, TracepointRequest, tracepoint_request
from agent.kernel.tracepoints import Field, TracepointError
from agent.runner.attach import AttachError, Request
from agent.runner.clauses import Clause, Where, pack_clause
from agent.runner.resolved import Resolved
from bpf.dynamic import RAW, Place, RawField
from bpf.rules import RESERVED_COLUMNS
from proto.v1 import tool_pb2 as pb

RECORD_MAX = 8192  # PERF_MAX_TRACE_SIZE
STRING_MAX = 4096
_WORDS = 8  # where a string is, and how it was read
_PAIR = struct.Struct("=II")
_LOCATED = {Place.LOCATED: Where.LOCATED_TEXT, Place.RELATIVE: Where.RELATIVE_TEXT, Place.HERE: Where.TEXT}
_READ_STATES = ("whole", "cut", "not in memory")


def resolve_tracepoint(request: Request, taken: Sequence[str]) -> Resolved:
    """Raises AttachError."""
    try:
        asked = tracepoint_request(request.values)
    except TracepointError as error:
        raise AttachError(str(error)) from error
    size = max((field.end - BASE for field in asked.fields), default=0)
    located = [field for field in asked.fields if field.place is not Place.HERE]
    defines = [f"FS_RAW_SIZE={size}", f"FS_LOCATED={len(located)}", f"FS_STRINGS={len(asked.strings)}"]
    maps: dict[str, list[bytes]] = {}
    if asked.conditions:
        defines.append(f"FS_WHERE={len(asked.conditions)}")
        maps["fs_where"] = [pack_clause(_clause(condition, asked.category)) for condition in asked.conditions]
    if located:
        maps["located"] = [_PAIR.pack(field.offset, field.place is Place.RELATIVE) for field in located]
    if asked.strings:
        maps["pointers"] = [_PAIR.pack(field.offset, 0) for field in asked.strings]
    fields = _fields(asked, [*taken, *RESERVED_COLUMNS, RAW], _rounded(size))
    return Resolved(fields, _classes(_rounded(size), len(located), len(asked.strings)), defines, maps)


def _fields(asked: TracepointRequest, taken: Sequence[str], words_at: int) -> list[RawField]:
    """In the tracepoint's order; a string takes the place of the pointer to it."""
    found: list[RawField] = []
    for field in asked.fields:
        if field not in asked.strings:
            found += raw_fields(field, asked.category, taken)
    for index, field in enumerate(asked.strings):
        found += _string_fields(field, words_at + index * _WORDS, taken)
    return found


def _string_fields(field: Field, words_at: int, taken: Sequence[str]) -> list[RawField]:
    """The string and how it was read."""
    name = column_name(field.name, taken)
    text = pb.Column(
        name=name,
        type=pb.CTYPE_STRING,
        unit=pb.UNIT_FILE_PATH if name in ("filename", "pathname") else pb.UNIT_NONE,
        role=pb.ROLE_TEXT,
        sensitivity=pb.SENSITIVITY_CONTENT,
        help=f"The string that {field.name} points to, up to {STRING_MAX - 1} bytes",
    )
    state = pb.Column(
        name=f"{name}_read",
        type=pb.CTYPE_U32,
        unit=pb.UNIT_NONE,
        role=pb.ROLE_KEY,
        sensitivity=pb.SENSITIVITY_PUBLIC,
        help=f"Whether the string of {field.name} could be read: its memory may not be there before the call uses it",
        symbols=[pb.Symbol(value=value, name=text) for value, text in enumerate(_READ_STATES)],
    )
    return [RawField(text, words_at, 4, place=Place.LOCATED), RawField(state, words_at + 4, 4)]


def _clause(condition: FieldCondition, category: str) -> Clause:
    field = condition.field
    if isinstance(condition.value, int):
        size, signed = number_shape(field, category)
        return Clause(Where.NUMBER, field.offset, condition.op, condition.value, size, signed)
    where = Where.USER_TEXT if condition.followed else _LOCATED[field.place]
    return Clause(where, field.offset, condition.op, condition.value, field.size if where == Where.TEXT else 0)


def _classes(size: int, located: int, strings: int) -> list[int]:
    """One slot that fits where nothing is of any length; else a small, a middle and the largest possible one."""
    if strings:
        words = size + strings * _WORDS
        return [words + 64, words + 256, words + strings * STRING_MAX]
    if located:
        return sorted({size + 64, size + 256, RECORD_MAX - BASE})
    return [max(size, 8)]


def _rounded(size: int) -> int:
    return -(-size // 8) * 8

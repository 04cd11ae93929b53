"""Comparisons of fields as the table that include/where.h reads."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

TEXT_BYTES = 64
_CLAUSE = struct.Struct(f"=Q{TEXT_BYTES}s{TEXT_BYTES}sI4BI4x")
_OPERATORS = {"==": 0, "!=": 1, "<": 2, "<=": 3, ">": 4, ">=": 5, "&": 6, "^=": 0}


class Where(IntEnum):
    """What lies at a clause's offset; numbers of include/where.h."""

    NUMBER = 0
    TEXT = 1
    LOCATED_TEXT = 2
    RELATIVE_TEXT = 3
    USER_TEXT = 4


@dataclass(frozen=True, slots=True)
class Clause:
    """``offset``: from the pointer that the program compares at. ``size``: of a number, or the room of a text that may
    fill it without a NUL; 0: a text always ends with one.
    """

    where: Where
    offset: int
    op: str
    value: int | bytes
    size: int = 0
    signed: bool = False


def pack_clause(clause: Clause) -> bytes:
    value, text, mask = 0, b"", b""
    if isinstance(clause.value, bytes):
        text, mask = clause.value, _mask(clause, len(clause.value))
    else:
        value = clause.value & (1 << 64) - 1
    shift = 64 - 8 * clause.size if clause.where == Where.NUMBER else 0
    return _CLAUSE.pack(value, text, mask, clause.offset, clause.where, shift, clause.signed, 0, _OPERATORS[clause.op])


def _mask(clause: Clause, length: int) -> bytes:
    """The bytes that count: all of the text and, unless it is a beginning or fills its room, the NUL behind it."""
    ends = clause.op != "^=" and not 0 < clause.size == length
    return b"\xff" * (length + ends)

"""Where C puts each column of a stream: one list of members from which the C struct and the numpy dtype both come.

Members are sorted by size, so that no compiler adds holes; what is left over at the end is an explicit, zeroed member.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from proto.v1 import tool_pb2 as pb

KEY_ROLES = (pb.ROLE_KEY, pb.ROLE_BUCKET, pb.ROLE_STACK)

_SCALARS: dict[int, tuple[str, str]] = {
    pb.CTYPE_U8: ("u8", "u1"),
    pb.CTYPE_U16: ("u16", "u2"),
    pb.CTYPE_U32: ("u32", "u4"),
    pb.CTYPE_U64: ("u64", "u8"),
    pb.CTYPE_S32: ("s32", "i4"),
    pb.CTYPE_S64: ("s64", "i8"),
    pb.CTYPE_NAME: ("u32", "u4"),
}


@dataclass(frozen=True, slots=True)
class Member:
    name: str
    c_type: str
    count: int  # array length in C, 0 for a scalar
    dtype: np.dtype[np.void]

    @property
    def declaration(self) -> str:
        return f"{self.c_type} {self.name}{f'[{self.count}]' if self.count else ''};"

    @property
    def align(self) -> int:
        return 1 if self.count else self.dtype.itemsize


def active_columns(tool: pb.Tool, stream: pb.Stream, values: Mapping[str, int | bool | str]) -> list[pb.Column]:
    """The columns that a run with these parameters sends.

    ``when = "param"`` switches a column on when the bool is true or the enum has any choice but its first,
    ``when = "param=choice"`` when the enum has this one.
    """
    return [column for column in stream.columns if is_on(column.when, tool, values)]


def is_on(when: str, tool: pb.Tool, values: Mapping[str, int | bool | str]) -> bool:
    """What ``when`` says of a column or a probe; without it, yes. ``a|b``: when either does."""
    if "|" in when:
        return any(is_on(part, tool, values) for part in when.split("|"))
    name, named, choice = when.partition("=")
    value = values.get(name)
    first = next((param.choices[0] for param in tool.params if param.name == name and param.choices), None)
    return not when or (value == choice if named else value not in (None, False, first))


def string_column(columns: Iterable[pb.Column]) -> pb.Column | None:
    return next((column for column in columns if column.type == pb.CTYPE_STRING), None)


def row_members(columns: Iterable[pb.Column]) -> list[Member]:
    """The fixed part of an event: with a string, its length comes last and the string's slot follows without a hole."""
    columns = list(columns)
    string = string_column(columns)
    members = _sorted(member for column in columns for member in _members(column))
    if string is None:
        return _padded(members, 0)
    return [*_padded(members, 4), _scalar(f"{string.name}_len", "u32", "u4")]


def key_members(columns: Iterable[pb.Column]) -> list[Member]:
    return _padded(_sorted(m for c in columns if c.role in KEY_ROLES for m in _members(c)), 0)


def value_members(columns: Iterable[pb.Column]) -> list[Member]:
    return _padded(_sorted(m for c in columns if c.role == pb.ROLE_MEASURE for m in _members(c)), 0)


def struct_dtype(members: Iterable[Member]) -> np.dtype[np.void]:
    return np.dtype([(member.name, member.dtype) for member in members])


def _members(column: pb.Column) -> list[Member]:
    if column.type == pb.CTYPE_STRING or column.unit == pb.UNIT_CONTAINER:
        return []
    if column.type == pb.CTYPE_CHAR:
        return [Member(column.name, "char", column.size, np.dtype(f"V{column.size}"))]
    if column.type == pb.CTYPE_STACK:
        caller = [_scalar(f"{column.name}_caller", "u64", "u8")] if column.at_entry else []
        return [*caller, *(_scalar(f"{column.name}_{side}", "s32", "i4") for side in ("kernel", "user"))]
    return [_scalar(column.name, *_SCALARS[column.type])]


def _scalar(name: str, c_type: str, code: str) -> Member:
    return Member(name, c_type, 0, np.dtype(code))


def _sorted(members: Iterable[Member]) -> list[Member]:
    # char arrays are multiples of 8 bytes, so they keep what follows aligned.
    return sorted(members, key=lambda member: -(member.align if not member.count else 8))


def _padded(members: list[Member], rest: int) -> list[Member]:
    """Fill up to a multiple of 8 bytes, of which ``rest`` bytes still follow."""
    missing = -(sum(member.dtype.itemsize for member in members) + rest) % 8
    return [*members, Member("fs_pad", "u8", missing, np.dtype(f"V{missing}"))] if missing else members

"""Reader for BTF, the kernel's own description of its types (format: kernel Documentation/bpf/btf.rst).

Types are decoded on demand: a kernel has about 150,000 of them and a program needs a few hundred.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

_MAGIC = 0xEB9F
_HEADER = struct.Struct("<HBBIIIII")
_TYPE = struct.Struct("<III")
_POINTER_SIZE = 8


class Kind(IntEnum):
    VOID = 0
    INT = 1
    PTR = 2
    ARRAY = 3
    STRUCT = 4
    UNION = 5
    ENUM = 6
    FWD = 7
    TYPEDEF = 8
    VOLATILE = 9
    CONST = 10
    RESTRICT = 11
    FUNC = 12
    FUNC_PROTO = 13
    VAR = 14
    DATASEC = 15
    FLOAT = 16
    DECL_TAG = 17
    TYPE_TAG = 18
    ENUM64 = 19


COMPOSITE = frozenset({Kind.STRUCT, Kind.UNION})
ENUMS = frozenset({Kind.ENUM, Kind.ENUM64})
_QUALIFIERS = frozenset({Kind.CONST, Kind.VOLATILE, Kind.RESTRICT, Kind.TYPE_TAG})
_NAMED = frozenset({Kind.STRUCT, Kind.UNION, Kind.ENUM, Kind.ENUM64, Kind.TYPEDEF, Kind.FWD, Kind.INT})
# Bytes that follow the 12-byte head of a type: once, and for each of its items.
_TAIL = {Kind.INT: 4, Kind.ARRAY: 12, Kind.VAR: 4, Kind.DECL_TAG: 4}
_ITEM = {
    Kind.STRUCT: 12,
    Kind.UNION: 12,
    Kind.ENUM: 8,
    Kind.ENUM64: 12,
    Kind.FUNC_PROTO: 8,
    Kind.DATASEC: 12,
}


@dataclass(frozen=True, slots=True)
class Member:
    name: str
    type: int
    bit_offset: int
    bit_size: int  # 0: not a bit field


@dataclass(frozen=True, slots=True)
class BtfType:
    """One type. ``size`` is in bytes; ``ref`` is the id of the type pointed to, aliased, qualified or repeated."""

    id: int
    kind: Kind
    name: str
    size: int = 0
    ref: int = 0
    length: int = 0
    is_union: bool = False  # of a forward declaration
    members: tuple[Member, ...] = ()
    values: tuple[tuple[str, int], ...] = ()


_VOID = BtfType(0, Kind.VOID, "void")


class Btf:
    """All types of one BTF blob. Raises ValueError when it is not little-endian BTF."""

    def __init__(self, data: bytes) -> None:
        if len(data) < _HEADER.size:
            raise ValueError("not BTF: too short")
        magic, _, _, head, type_off, type_len, str_off, str_len = _HEADER.unpack_from(data)
        if magic != _MAGIC:
            raise ValueError(f"not BTF: magic is {magic:#x}")
        self._data = data
        self._strings = data[head + str_off : head + str_off + str_len]
        self._offsets = [0, *_walk(data, head + type_off, head + type_off + type_len)]
        self._types: dict[int, BtfType] = {0: _VOID}
        self._alignments: dict[int, int] = {}
        self._ids = self._index()

    def __getitem__(self, type_id: int) -> BtfType:
        found = self._types.get(type_id)
        if found is None:
            found = self._types[type_id] = self._decode(type_id)
        return found

    def find(self, kind: Kind, name: str) -> BtfType | None:
        type_id = self._ids.get((kind, name))
        return None if type_id is None else self[type_id]

    def enums(self) -> Iterator[BtfType]:
        for type_id in range(1, len(self._offsets)):
            if self._kind_at(self._offsets[type_id]) in ENUMS:
                yield self[type_id]

    def bare(self, type_id: int) -> BtfType:
        """The type without const, volatile, restrict and tags."""
        found = self[type_id]
        while found.kind in _QUALIFIERS:
            found = self[found.ref]
        return found

    def size(self, type_id: int) -> int:
        found = self.bare(type_id)
        if found.kind is Kind.PTR:
            return _POINTER_SIZE
        if found.kind is Kind.ARRAY:
            return found.length * self.size(found.ref)
        return self.size(found.ref) if found.kind is Kind.TYPEDEF else found.size

    def align(self, type_id: int) -> int:
        """The alignment that the compiler gave the type, as far as offsets and size show it."""
        found = self.bare(type_id)
        if found.id not in self._alignments:
            self._alignments[found.id] = self._natural_align(found)
        return self._alignments[found.id]

    def _natural_align(self, found: BtfType) -> int:
        if found.kind in (Kind.ARRAY, Kind.TYPEDEF):
            return self.align(found.ref)
        if found.kind not in COMPOSITE:
            return min(self.size(found.id) or 1, 16)
        wanted = [(m.bit_offset // 8, self.align(m.type)) for m in found.members if not m.bit_size]
        align = max([self.align(m.type) for m in found.members], default=1)
        while align > 1 and (found.size % align or any(offset % min(align, own) for offset, own in wanted)):
            align //= 2
        return align

    def _index(self) -> dict[tuple[Kind, str], int]:
        ids: dict[tuple[Kind, str], int] = {}
        for type_id in range(1, len(self._offsets)):
            name_off, info, _ = _TYPE.unpack_from(self._data, self._offsets[type_id])
            kind = Kind(info >> 24 & 0x1F)
            if name_off and kind in _NAMED:
                ids.setdefault((kind, self._name(name_off)), type_id)
        return ids

    def _kind_at(self, offset: int) -> Kind:
        return Kind(self._data[offset + 7] & 0x1F)

    def _name(self, offset: int) -> str:
        return self._strings[offset : self._strings.index(b"\0", offset)].decode()

    def _decode(self, type_id: int) -> BtfType:
        offset = self._offsets[type_id]
        name_off, info, word = _TYPE.unpack_from(self._data, offset)
        kind, count, flag = Kind(info >> 24 & 0x1F), info & 0xFFFF, bool(info >> 31)
        name, body = self._name(name_off), offset + _TYPE.size
        if kind in COMPOSITE:
            return BtfType(type_id, kind, name, size=word, members=self._members(body, count, has_bits=flag))
        if kind in ENUMS:
            return BtfType(type_id, kind, name, size=word, values=self._values(body, count, kind, signed=flag))
        if kind is Kind.ARRAY:
            element, _, length = _TYPE.unpack_from(self._data, body)
            return BtfType(type_id, kind, name, ref=element, length=length)
        if kind in (Kind.INT, Kind.FLOAT):
            return BtfType(type_id, kind, name, size=word)
        return BtfType(type_id, kind, name, ref=word, is_union=flag)

    def _members(self, offset: int, count: int, *, has_bits: bool) -> tuple[Member, ...]:
        rows = _TYPE.iter_unpack(self._data[offset : offset + count * _TYPE.size])
        if has_bits:
            return tuple(Member(self._name(n), t, o & 0xFFFFFF, o >> 24) for n, t, o in rows)
        return tuple(Member(self._name(n), t, o, 0) for n, t, o in rows)

    def _values(self, offset: int, count: int, kind: Kind, *, signed: bool) -> tuple[tuple[str, int], ...]:
        # An ENUM64 holds its value as two 32-bit halves, low one first: the same bytes as one 64-bit integer.
        letter = "i" if kind is Kind.ENUM else "q"
        row = struct.Struct("<I" + (letter if signed else letter.upper()))
        raw = self._data[offset : offset + count * row.size]
        return tuple((self._name(name), value) for name, value in row.iter_unpack(raw))


def _walk(data: bytes, offset: int, end: int) -> Iterator[int]:
    while offset < end:
        yield offset
        info = int.from_bytes(data[offset + 4 : offset + 8], "little")
        kind = Kind(info >> 24 & 0x1F)
        offset += _TYPE.size + _TAIL.get(kind, 0) + (info & 0xFFFF) * _ITEM.get(kind, 0)

"""Writes BTF by hand, so that tests know what must be read back. Layout: kernel Documentation/bpf/btf.rst."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from agent.kernel.btf import Kind


class BtfBlob:
    """Each call adds one type and returns its id."""

    def __init__(self) -> None:
        self._types = b""
        self._strings = b"\0"
        self._count = 0

    def integer(self, name: str, size: int) -> int:
        return self._add(Kind.INT, name, size, struct.pack("<I", size * 8))

    def to(self, kind: Kind, target: int, name: str = "", *, flag: bool = False) -> int:
        """A pointer, typedef, qualifier or forward declaration."""
        return self._add(kind, name, target, flag=flag)

    def array(self, element: int, length: int) -> int:
        return self._add(Kind.ARRAY, "", 0, struct.pack("<III", element, element, length))

    def composite(self, kind: Kind, name: str, size: int, members: Sequence[tuple[str, int, int]]) -> int:
        """Members: name, type, offset in bits."""
        body = b"".join(struct.pack("<III", self._name(n), type_id, offset) for n, type_id, offset in members)
        return self._add(kind, name, size, body, len(members))

    def bits(self, name: str, size: int, members: Sequence[tuple[str, int, int, int]]) -> int:
        """A struct with bit fields: name, type, offset in bits, bits."""
        body = b"".join(struct.pack("<III", self._name(n), t, width << 24 | at) for n, t, at, width in members)
        return self._add(Kind.STRUCT, name, size, body, len(members), flag=True)

    def enum(self, name: str, values: Sequence[tuple[str, int]], *, signed: bool = False) -> int:
        code = "<Ii" if signed else "<II"
        body = b"".join(struct.pack(code, self._name(n), value) for n, value in values)
        return self._add(Kind.ENUM, name, 4, body, len(values), flag=signed)

    def enum64(self, name: str, values: Sequence[tuple[str, int]]) -> int:
        body = b"".join(struct.pack("<IQ", self._name(n), value) for n, value in values)
        return self._add(Kind.ENUM64, name, 8, body, len(values))

    def function(self, arguments: int) -> int:
        """A prototype with so many arguments, whose records must be stepped over."""
        return self._add(Kind.FUNC_PROTO, "", 0, bytes(8 * arguments), arguments)

    def data(self) -> bytes:
        header = struct.pack("<HBBIIIII", 0xEB9F, 1, 0, 24, 0, len(self._types), len(self._types), len(self._strings))
        return header + self._types + self._strings

    def _add(self, kind: Kind, name: str, word: int, body: bytes = b"", count: int = 0, *, flag: bool = False) -> int:
        info = int(flag) << 31 | kind << 24 | count
        self._types += struct.pack("<III", self._name(name), info, word) + body
        self._count += 1
        return self._count

    def _name(self, name: str) -> int:
        if not name:
            return 0
        self._strings += name.encode() + b"\0"
        return len(self._strings) - len(name) - 1

"""The libraries that the dynamic linker finds by name: /etc/ld.so.cache, read without starting ldconfig."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path

CACHE = Path("/etc/ld.so.cache")
_MAGIC = b"glibc-ld.so.cache1.1"
_HEADER, _ENTRY = struct.Struct("=20sI24x"), struct.Struct("=iIIIQ")
# sysdeps/generic/ldconfig.h of glibc: libraries of other word sizes stand in the same file.
_ABI = {"x86_64": 0x0303, "aarch64": 0x0A03}


def linker_cache(cache: Path = CACHE) -> Iterator[tuple[str, str]]:
    """(name, path) of every library for this machine, in the linker's order; nothing on a host without the file."""
    try:
        content = cache.read_bytes()
    except OSError:
        return
    start = content.find(_MAGIC)
    if start < 0 or len(content) < start + _HEADER.size:
        return
    _, count = _HEADER.unpack_from(content, start)
    entries = content[start + _HEADER.size :][: count * _ENTRY.size]
    for flags, name, path, _, _ in _ENTRY.iter_unpack(entries[: len(entries) // _ENTRY.size * _ENTRY.size]):
        if flags == _ABI.get(os.uname().machine):
            yield _text(content, start + name), _text(content, start + path)


def _text(content: bytes, start: int) -> str:
    return os.fsdecode(content[start : content.find(b"\0", start)])

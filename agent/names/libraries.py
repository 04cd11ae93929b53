"""Libraries and programs: those that a process has mapped, or those that the dynamic linker finds by name."""

from __future__ import annotations

import os
import struct
from pathlib import Path

from agent.names.found import Found, NotAnswered, best
from proto.text import escape
from proto.v1.agent_pb2 import Ask, Name

_CACHE = Path("/etc/ld.so.cache")
_CACHE_BYTES_MAX = 16 << 20
_MAGIC = b"glibc-ld.so.cache1.1"
_HEADER, _ENTRY = struct.Struct("=20sII20x"), struct.Struct("=iIIIQ")
# sysdeps/generic/ldconfig.h: libraries of other word sizes stand in the same cache.
_ABI = {"x86_64": 0x0303, "aarch64": 0x0A03}


def libraries(ask: Ask) -> Found:
    """With a pid the value is a path as that process sees it, else the short name that means the library."""
    known = mapped(ask.pid) if ask.pid else linked()
    found = best(sorted(known), ask.text, lambda value: (value, known[value]))
    return Found([Name(value=value, detail=known[value]) for value in found[: ask.limit]], len(found))


def mapped(pid: int) -> dict[str, str]:
    """Files whose code the process runs, each with its short name. Raises NotAnswered."""
    try:
        lines = Path(f"/proc/{pid}/maps").read_bytes().splitlines()
    except OSError:
        raise NotAnswered(f"there is no process {pid} on this host; choose one that runs") from None
    paths = [fields[5] for line in lines if len(fields := line.split(maxsplit=5)) == 6 and b"x" in fields[1]]
    files = {os.fsdecode(path) for path in paths if path.startswith(b"/") and not path.endswith(b" (deleted)")}
    return {path: short_name(path) for path in files}


def linked() -> dict[str, str]:
    """Short name -> path, from the dynamic linker's cache; empty on a host without one."""
    try:
        cache = _CACHE.read_bytes()[:_CACHE_BYTES_MAX]
    except OSError:
        return {}
    start = cache.find(_MAGIC)
    if start < 0 or len(cache) < start + _HEADER.size:
        return {}
    _, count, _ = _HEADER.unpack_from(cache, start)
    entries = cache[start + _HEADER.size :][: count * _ENTRY.size]
    found: dict[str, str] = {}
    for flags, key, value, _, _ in _ENTRY.iter_unpack(entries[: len(entries) // _ENTRY.size * _ENTRY.size]):
        if flags == _ABI.get(os.uname().machine) and (name := short_name(_string(cache, start + key))):
            found.setdefault(name, _string(cache, start + value))
    return found


def resolve(library: str, pid: int) -> str:
    """The path that the part before the colon means, as a run with the same target finds it. Raises NotAnswered."""
    if library.startswith("/"):
        return library
    path = (_mapped_as(library, pid) if pid else "") or linked().get(library, "")
    if not path:
        raise NotAnswered(f"there is no library {library}; give its name without lib and .so, like c, or its path")
    return path


def short_name(path: str) -> str:
    """``c`` for ``/lib/libc.so.6``; empty for what no short name means."""
    name = path.rpartition("/")[2]
    stem, found, _ = name.removeprefix("lib").partition(".so")
    return stem if found and name.startswith("lib") else ""


def _mapped_as(library: str, pid: int) -> str:
    """``c`` also means libc-2.31.so, as older systems call it."""
    names = sorted((name, path) for path, name in mapped(pid).items())
    exact = [path for name, path in names if name == library]
    return next(iter([*exact, *(path for name, path in names if name.startswith((f"{library}-", f"{library}.")))]), "")


def _string(cache: bytes, start: int) -> str:
    return escape(cache[start : cache.find(b"\0", start)])

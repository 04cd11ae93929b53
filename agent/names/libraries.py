"""Libraries and programs: those that a process has mapped, or those that the dynamic linker finds by name."""

from __future__ import annotations

from agent.kernel.linker_cache import linker_cache
from agent.kernel.modules import ModuleError, loaded
from agent.names.found import Found, NotAnswered, best
from proto.v1.agent_pb2 import Ask, Name


def libraries(ask: Ask) -> Found:
    """With a pid the value is a path as that process sees it, else the short name that means the library."""
    known = _mapped(ask.pid) if ask.pid else _linked()
    found = best(sorted(known), ask.text, lambda value: (value, known[value]))
    return Found([Name(value=value, detail=known[value]) for value in found[: ask.limit]], len(found))


def short_name(path: str) -> str:
    """``c`` for ``/lib/libc.so.6``; empty for what no short name means."""
    name = path.rpartition("/")[2]
    stem, found, _ = name.removeprefix("lib").partition(".so")
    return stem if found and name.startswith("lib") else ""


def _mapped(pid: int) -> dict[str, str]:
    try:
        return {module.name: short_name(module.name) for module in loaded(pid)}
    except ModuleError as error:
        raise NotAnswered(str(error)) from error


def _linked() -> dict[str, str]:
    found: dict[str, str] = {}
    for name, path in linker_cache():
        if short := short_name(name):
            found.setdefault(short, path)
    return found

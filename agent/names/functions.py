"""Functions of ``LIB:pattern`` and USDT probes of ``LIB:provider:probe``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from agent.capabilities import hold
from agent.kernel.elf import Elf, Symbol
from agent.names.demangle import demangled
from agent.names.files import opened
from agent.names.found import Found, NotAnswered, best
from agent.names.libraries import libraries, resolve
from proto.text import escape
from proto.v1.agent_pb2 import Ask, Name

DEBUG_FILES = Path("/usr/lib/debug/.build-id")


def functions(ask: Ask) -> Found:
    """Before the colon libraries are offered. ``meant`` counts as a run does: aliases of one address once."""
    library, colon, pattern = ask.text.partition(":")
    if not colon:
        return _with_colon(libraries(ask))
    with opened(resolve(library, ask.pid), ask.pid) as elf:
        hold(())  # what a file says is only looked at without any right
        by_address: dict[int, set[bytes]] = {}
        for symbol in chain(elf.functions(), _split_off(elf)):
            by_address.setdefault(symbol.address, set()).add(symbol.name)
    regex = _regex(pattern)
    meant = sum(any(regex.fullmatch(name) for name in names) for names in by_address.values())
    plain = sorted((_plainest(names, regex) for names in by_address.values()), key=_plainness)
    found = _fitting(plain, pattern)
    names = [
        Name(value=f"{library}:{escape(name)}", label=escape(demangled(name)) if name.startswith(b"_Z") else "")
        for name in found[: ask.limit]
    ]
    return Found(names, len(found), meant)


def _split_off(elf: Elf) -> Iterator[Symbol]:
    """Symbols that a distribution ships apart from the file, where they are installed and anybody may read them."""
    if not (build_id := elf.build_id()):
        return
    try:
        with opened(str(DEBUG_FILES / build_id[:2] / f"{build_id[2:]}.debug"), 0) as debug:
            yield from debug.functions()
    except NotAnswered:
        return


def usdt_probes(ask: Ask) -> Found:
    """A probe that the compiler copied to several places is one probe."""
    library, colon, typed = ask.text.partition(":")
    if not colon:
        return _with_colon(libraries(ask))
    with opened(resolve(library, ask.pid), ask.pid) as elf:
        hold(())
        arguments: dict[str, int] = {}
        for probe in elf.probes():
            name = f"{escape(probe.provider)}:{escape(probe.name)}"
            arguments[name] = len(probe.arguments.split())
    found = best(sorted(arguments), typed, lambda name: (name, name.partition(":")[2]))
    names = [Name(value=f"{library}:{name}", detail=_arguments(arguments[name])) for name in found[: ask.limit]]
    return Found(names, len(found), int(typed in arguments))


def _fitting(names: Iterable[bytes], pattern: str) -> list[bytes]:
    """A pattern with wildcards means what it says; anything else is looked for in names and in their C++ form."""
    if "*" in pattern:
        regex = _regex(pattern)
        return [name for name in names if regex.fullmatch(name)]
    return best(names, pattern, lambda name: (escape(name), escape(demangled(name))))


def _regex(pattern: str) -> re.Pattern[bytes]:
    return re.compile(b".*".join(re.escape(part.encode()) for part in pattern.split("*")), re.DOTALL)


def _plainest(names: set[bytes], regex: re.Pattern[bytes]) -> bytes:
    """Of several names of one address the one that was asked for, else the one that people write."""
    return min((name for name in names if regex.fullmatch(name)), key=_plainness, default=min(names, key=_plainness))


def _plainness(name: bytes) -> tuple[int, int, bytes]:
    return (len(name) - len(name.lstrip(b"_")), len(name), name)


def _with_colon(found: Found) -> Found:
    names = [Name(value=f"{name.value}:", detail=name.detail) for name in found.names]
    return Found(names, found.total)


def _arguments(count: int) -> str:
    return "1 argument" if count == 1 else f"{count} arguments" if count else "no arguments"

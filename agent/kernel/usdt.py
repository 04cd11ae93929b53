"""USDT probes of a program: where they are and how to get at their arguments.

Format: https://sourceware.org/systemtap/wiki/UserSpaceProbeImplementation. An argument is written as the assembler of
its machine writes an operand; it becomes numbers for a fixed program, never program text.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from agent.kernel.elf import Elf, ElfFileError, open_elf
from agent.kernel.modules import Module, ModuleError, find_modules
from agent.kernel.operands import Operand, OperandError, parse_operand

_NOTES = ".note.stapsdt"
_BASE = ".stapsdt.base"
_NOTE_HEAD = struct.Struct("=III")
_PLACES = struct.Struct("=QQQ")  # of the probe, of _BASE when the program was linked, of the semaphore
_TYPE = 3
_OWNER = b"stapsdt\0"
_ARGUMENT = re.compile(r"(-?\d+f?)@((?:[^\s(]|\([^)]*\))+)")


class UsdtError(LookupError):
    """There is no such probe, or it cannot be attached. The text is one line that says why and what to give instead."""


@dataclass(frozen=True, slots=True)
class Site:
    """One place in the code where a probe stands; a probe may have several. ``semaphore``: place in the file of the
    counter that the program looks at before it fills the arguments; 0: it has none. ``arguments`` as the notes have
    them.
    """

    provider: str
    name: str
    module: Module
    address: int
    offset: int
    semaphore: int
    arguments: tuple[str, ...]

    @property
    def probe(self) -> str:
        return f"{self.provider}:{self.name}"


def find_sites(text: str, *pids: int) -> list[Site]:
    """Of ``LIB:provider:probe``, the last two with ``*`` for any letters. Raises UsdtError."""
    library, _, pattern = text.partition(":")
    try:
        modules = find_modules(library, *pids)
    except ModuleError as error:
        raise UsdtError(str(error)) from error
    known = [site for module in modules for site in sites_of(module, strict=len(modules) == 1)]
    found = matching(known, pattern)
    if not found:
        raise UsdtError(_nothing(pattern, known, modules, pids))
    return found


def matching(sites: Iterable[Site], pattern: str) -> list[Site]:
    """Those whose ``provider:probe`` the pattern means."""
    wanted = re.compile(".*".join(re.escape(part) for part in pattern.split("*")))
    return [site for site in sites if wanted.fullmatch(site.probe)]


def sites_of(module: Module, *, strict: bool = True) -> list[Site]:
    """In the order of the file. Raises UsdtError when it cannot be read, where ``strict``."""
    try:
        with open_elf(module) as elf:
            return list(_sites(elf, module))
    except ElfFileError as error:
        if strict:
            raise UsdtError(str(error)) from error
        return []


def operands_of(site: Site) -> list[Operand]:
    """How to get at each argument. Raises UsdtError."""
    try:
        with open_elf(site.module) as elf:
            return [parse_operand(text, site.address, elf.symbol_address) for text in site.arguments]
    except (ElfFileError, OperandError) as error:
        raise UsdtError(f"{site.probe} of {site.module.name}: {error}") from error


def _sites(elf: Elf, module: Module) -> Iterator[Site]:
    notes, base = elf.section(_NOTES), elf.section(_BASE)
    for description in _descriptions(notes[1] if notes else b""):
        if len(description) < _PLACES.size:
            continue
        place, linked_base, semaphore = _PLACES.unpack_from(description)
        # prelink moves a program without its notes; this is by how much.
        moved = base[0] - linked_base if base and linked_base else 0
        provider, name, arguments, *_ = (*description[_PLACES.size :].split(b"\0"), b"", b"", b"")
        offset = elf.file_offset(place + moved)
        if offset is None:
            continue
        counter = elf.file_offset(semaphore + moved, executable=False) if semaphore else 0
        yield Site(
            _text(provider), _text(name), module, place + moved, offset, counter or 0, _arguments(_text(arguments))
        )


def _descriptions(data: bytes) -> Iterator[bytes]:
    at = 0
    while at + _NOTE_HEAD.size <= len(data):
        owner_size, size, kind = _NOTE_HEAD.unpack_from(data, at)
        owner = at + _NOTE_HEAD.size
        start = owner + _aligned(owner_size)
        if kind == _TYPE and data[owner : owner + owner_size] == _OWNER:
            yield data[start : start + size]
        at = start + _aligned(size)


def _arguments(text: str) -> tuple[str, ...]:
    return tuple(f"{size}@{operand}" for size, operand in _ARGUMENT.findall(text))


def _aligned(size: int) -> int:
    return -(-size // 4) * 4


def _text(word: bytes) -> str:
    return word.decode("utf-8", "backslashreplace")


def _nothing(pattern: str, known: list[Site], modules: list[Module], pids: Sequence[int]) -> str:
    run_by = f"process {pids[0]} runs" if len(pids) == 1 else f"{len(pids)} processes run"
    where = modules[0].name if len(modules) == 1 else f"the {len(modules)} files that {run_by}"
    probes = sorted({site.probe for site in known})
    if not probes:
        return f"{where} has no USDT probes; it may have to be built with them (for example --enable-dtrace)"
    listed = ", ".join(probes[:8]) + (", ..." if len(probes) > 8 else "")
    return f"no USDT probe of {where} matches {pattern}; it has {listed}"

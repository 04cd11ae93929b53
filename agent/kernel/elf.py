"""What tracing needs to know of a program or library on the disk: its functions, its USDT probes, and where in the file
the kernel finds them. Reads only; symbol tables of a hundred thousand names take a tenth of a second."""

from __future__ import annotations

import os
import struct
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from agent.kernel.modules import Module
from agent.kernel.regular import open_mapped, open_regular

_SYMBOL = struct.Struct("<IBBHQQ" if sys.byteorder == "little" else ">IBBHQQ")
_STT_FUNC, _STT_GNU_IFUNC = 2, 10
_PF_X = 1
_MACHINES = {"x86_64": "EM_X86_64", "aarch64": "EM_AARCH64"}
_DEBUG = Path("usr/lib/debug")


class ElfFileError(ValueError):
    """The file cannot be read as a program of this machine. The text is one line that names it."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """``address`` is the file's own, before it is loaded; ``indirect``: the code there only chooses a function."""

    name: str
    address: int
    size: int
    indirect: bool


@dataclass(frozen=True, slots=True)
class Segment:
    address: int
    size: int
    offset: int
    executable: bool


@contextmanager
def open_elf(module: Module) -> Iterator[Elf]:
    """Raises ElfFileError, also for what is found while it is read."""
    try:
        with _open(module) as file:
            yield Elf(file, module)
    except OSError as error:
        raise ElfFileError(f"{module.name} cannot be read: {error.strerror}") from error
    except (ELFError, struct.error, IndexError, KeyError) as error:
        raise ElfFileError(f"{module.name} is no sound ELF file: {error}") from error


def _open(module: Module) -> BinaryIO:
    """A file that a process has mapped is opened by its mapping, which no path below a root leads to."""
    if module.root == Path("/"):
        return open_regular(module.path)
    inside = module.path.removeprefix(str(module.root))
    return open_regular(inside, module.root) if inside != module.path else open_mapped(module.path)


class Elf:
    def __init__(self, file: BinaryIO, module: Module) -> None:
        self._elf, self._module = ELFFile(file), module
        machine = os.uname().machine
        if self._elf.elfclass != 64 or self._elf["e_machine"] != _MACHINES.get(machine):
            raise ElfFileError(f"{module.name} is no 64-bit program for {machine}; only those can be traced")
        self._segments = list(_segments(self._elf))

    def functions(self) -> Iterator[Symbol]:
        """Of the program and of its debug file, where there is one, in no order."""
        yield from _functions(self._elf)
        if self.stripped and (debug := self._debug_file()):
            with open_regular(f"/{debug.relative_to(self._module.root)}", self._module.root) as file:
                yield from _functions(ELFFile(file))

    @property
    def stripped(self) -> bool:
        """Only what it exports has a name in the file itself."""
        return self._elf.get_section_by_name(".symtab") is None

    def file_offset(self, address: int, *, executable: bool = True) -> int | None:
        """Where an address lies in the file; None when it is not part of it, or no code when code was meant."""
        for segment in self._segments:
            if segment.address <= address < segment.address + segment.size and segment.executable >= executable:
                return address - segment.address + segment.offset
        return None

    def section(self, name: str) -> tuple[int, bytes] | None:
        """Its address, before it is loaded, and its content."""
        found = self._elf.get_section_by_name(name)
        return (found["sh_addr"], found.data()) if found else None

    def symbol_address(self, name: str) -> int | None:
        """Of any symbol, also of data."""
        for table in _tables(self._elf):
            for symbol in table.get_symbol_by_name(name) or ():
                return int(symbol["st_value"])
        return None

    def _debug_file(self) -> Path | None:
        for path, check in self._debug_candidates():
            if path.is_file() and (check is None or zlib.crc32(path.read_bytes()) == check):
                return path
        return None

    def _debug_candidates(self) -> Iterator[tuple[Path, int | None]]:
        """With the checksum that the file must have; one that is found by its build id needs none."""
        note = self._elf.get_section_by_name(".note.gnu.build-id")
        if note and (identity := note.data()[16:].hex()):
            yield self._module.root / _DEBUG / ".build-id" / identity[:2] / f"{identity[2:]}.debug", None
        link = self._elf.get_section_by_name(".gnu_debuglink")
        if link:
            name = link.data().split(b"\0")[0].decode("utf-8", "replace").replace("/", "")
            (check,) = struct.unpack_from("=I", link.data()[-4:])
            root, folder = self._module.root, Path(self._module.name).parent.relative_to("/")
            for place in (root / folder, root / folder / ".debug", root / _DEBUG / folder):
                yield place / name, check


def _segments(elf: ELFFile) -> Iterator[Segment]:
    for part in elf.iter_segments("PT_LOAD"):
        yield Segment(part["p_vaddr"], part["p_filesz"], part["p_offset"], bool(part["p_flags"] & _PF_X))


def _tables(elf: ELFFile) -> Iterator[SymbolTableSection]:
    for name in (".symtab", ".dynsym"):
        table = elf.get_section_by_name(name)
        if isinstance(table, SymbolTableSection) and table["sh_type"] != "SHT_NOBITS":
            yield table


def _functions(elf: ELFFile) -> Iterator[Symbol]:
    for table in _tables(elf):
        names = elf.get_section(table["sh_link"]).data()
        data = table.data()
        for name, info, _, section, address, size in _SYMBOL.iter_unpack(data[: len(data) // 24 * 24]):
            if section and address and info & 15 in (_STT_FUNC, _STT_GNU_IFUNC):
                text = names[name : names.find(b"\0", name)].partition(b"@")[0]
                yield Symbol(text.decode("utf-8", "backslashreplace"), address, size, info & 15 == _STT_GNU_IFUNC)

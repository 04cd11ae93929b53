"""Finds the functions that ``LIB:pattern`` means. Imports bcc."""

from __future__ import annotations

import ctypes
import os
import re
from dataclasses import dataclass
from pathlib import Path

from bcc import BPF, lib

from agent.runner.compiler import AttachError

MAX_FUNCTIONS = 1000


@dataclass(frozen=True, slots=True)
class Function:
    name: str
    path: str
    offset: int


def find_functions(text: str, pid: int) -> list[Function]:
    """In the order of their addresses; aliases of one address count once. Raises AttachError."""
    library, _, pattern = text.rpartition(":")
    path = find_library(library, pid)
    regex = "^" + ".*".join(re.escape(part) for part in pattern.split("*")) + "$"
    found: dict[int, str] = {}
    for name, address in BPF.get_user_functions_and_addresses(path.encode(), regex.encode()):
        known = found.get(address)
        found[address] = min(filter(None, (known, name.decode("utf-8", "backslashreplace"))), key=_plainness)
    if not found:
        raise AttachError(
            f"no function of {path} matches {pattern}; see its functions with: nm -D --defined-only {path}"
        )
    if len(found) > MAX_FUNCTIONS:
        raise AttachError(
            f"{pattern} matches {len(found)} functions of {path}, at most {MAX_FUNCTIONS}; narrow it down"
        )
    return [Function(name, path, _file_offset(path, address)) for address, name in sorted(found.items())]


def find_library(library: str, pid: int) -> str:
    """A path as it is; a bare name as the target process or, without one, the dynamic linker would find it."""
    if library.startswith("/"):
        file = Path(f"/proc/{pid}/root{library}") if pid > 0 else Path(library)
        if not file.is_file():
            raise AttachError(f"there is no file {library}; give the path of a program or library, or a name like c")
        return str(file)
    found = ctypes.cast(lib.bcc_procutils_which_so(library.encode(), max(pid, 0)), ctypes.c_char_p)
    if not found.value:
        raise AttachError(f"there is no library {library}; give its name without lib and .so, like c, or its path")
    path = os.fsdecode(found.value)
    lib.bcc_procutils_free(found)
    return path


def _file_offset(path: str, address: int) -> int:
    """Symbols carry virtual addresses; a uprobe wants the place in the file."""
    _, offset = BPF._check_path_symbol(path.encode(), b"", address, -1, 0)
    return int(offset)


def _plainness(name: str) -> tuple[int, int, str]:
    """Of several names of one address the one that people write: malloc, not __libc_malloc."""
    return (len(name) - len(name.lstrip("_")), len(name), name)

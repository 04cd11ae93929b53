"""Finds the functions that ``LIB:pattern`` means, by mangled and by written names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from agent.kernel.demangle import demangle, spellings
from agent.kernel.elf import ElfFileError, Symbol, open_elf
from agent.kernel.modules import Module, ModuleError, find_modules
from bpf.params import split_function

MAX_FUNCTIONS = 1000
_WRITTEN = re.compile(r"::|[(<~ ]")
# Rarely run parts that the compiler moved out of a function: code of its own, but never called.
_PART = re.compile(r"\.cold(\.\d+)?$")


class FunctionsError(LookupError):
    """Nothing to attach to. The text is one line that says why and what to give instead."""


@dataclass(frozen=True, slots=True)
class Function:
    """``offset`` is its place in the file ``path``, ``counter`` that of a number there which stays above 0 while it is
    traced; 0: there is none. ``file`` is what people know the path by."""

    name: str
    path: str
    offset: int
    counter: int = 0
    file: str = ""


def find_functions(text: str, *pids: int) -> list[Function]:
    """In the order of their places, file after file; aliases of one place count once. A pid below 1: no process.
    Raises FunctionsError."""
    library, pattern = split_function(text)
    try:
        modules = find_modules(library, *pids)
    except ModuleError as error:
        raise FunctionsError(str(error)) from error
    found = [function for module in modules for function in matching(module, pattern, strict=len(modules) == 1)]
    run_by = f"process {pids[0]} runs" if len(pids) == 1 else f"{len(pids)} processes run"
    if not found:
        raise FunctionsError(f"no function of the {len(modules)} files that {run_by} matches {pattern}")
    if len(found) > MAX_FUNCTIONS:
        where = modules[0].name if len(modules) == 1 else f"the {len(modules)} files that {run_by}"
        raise FunctionsError(
            f"{pattern} matches {len(found)} functions of {where}, at most {MAX_FUNCTIONS} are traced at once; "
            f"narrow it down, for example to {_narrower(found)}"
        )
    return found


def matching(module: Module, pattern: str, *, strict: bool = True) -> list[Function]:
    """All functions of one file that the pattern means, whatever their number. Raises FunctionsError when there is none
    or the file cannot be read, where ``strict``."""
    try:
        table = FunctionTable(module)
    except ElfFileError as error:
        if strict:
            raise FunctionsError(str(error)) from error
        return []
    found = table.matching(pattern)
    if strict and not found:
        raise FunctionsError(table.why_nothing(pattern))
    return found


class FunctionTable:
    """The functions of one file, read at once: looking for names in it opens nothing. Raises ElfFileError."""

    def __init__(self, module: Module) -> None:
        self._module = module
        with open_elf(module) as elf:
            self._elf, self._stripped = elf, elf.stripped
            self._symbols = list(elf.functions())
        self._direct = _direct(self._symbols)

    def matching(self, pattern: str) -> list[Function]:
        names: dict[int, str] = {}
        for symbol in _matches(self._direct, pattern):
            offset = self._elf.file_offset(symbol.address)
            if offset is not None:
                names[offset] = min(names.get(offset, symbol.name), symbol.name, key=_plainness)
        path, file = self._module.path, self._module.name
        found = [Function(demangle(name), path, offset, file=file) for offset, name in sorted(names.items())]
        several = Counter(function.name for function in found)
        return [
            replace(item, name=f"{item.name} [{item.offset:#x}]") if several[item.name] > 1 else item for item in found
        ]

    def why_nothing(self, pattern: str) -> str:
        chosen = list(_matches([symbol for symbol in self._symbols if symbol.indirect], pattern))
        return _nothing(self._module.name, pattern, chosen, stripped=self._stripped)


def _direct(symbols: Sequence[Symbol]) -> list[Symbol]:
    """Without functions that are chosen at run time, nor older ones of their names that only old programs use."""
    names = {symbol.name for symbol in symbols if symbol.indirect}
    places = {symbol.address for symbol in symbols if symbol.indirect}
    return [symbol for symbol in symbols if symbol.name not in names and symbol.address not in places]


def _matches(symbols: Sequence[Symbol], pattern: str) -> Iterator[Symbol]:
    wanted = re.compile(".*".join(re.escape(part) for part in pattern.split("*")))
    written = _WRITTEN.search(pattern) is not None
    for symbol in symbols:
        if _PART.search(symbol.name):
            continue
        names = spellings(demangle(symbol.name)) if written else (symbol.name,)
        if any(map(wanted.fullmatch, names)):
            yield symbol


def _nothing(file: str, pattern: str, chosen: Sequence[Symbol], *, stripped: bool) -> str:
    if chosen:
        return (
            f"{pattern} of {file} only chooses, once in a process, which function does the work (IFUNC); trace "
            f"that one, like *{chosen[0].name}_*, for which the library's debug symbols are needed"
        )
    if stripped:
        return (
            f"no function of {file} matches {pattern}; the file is stripped: only what it exports has a name; "
            f"install its debug symbols, or see what there is with: nm -DC --defined-only {file}"
        )
    return f"no function of {file} matches {pattern}; see its functions with: nm -C --defined-only {file}"


def _narrower(found: Sequence[Function]) -> str:
    """The most frequent beginning of a name."""
    starts = Counter(re.split(r"[_(<:]", function.name.lstrip("_"))[0] for function in found)
    return f"{starts.most_common(1)[0][0]}*"


def _plainness(name: str) -> tuple[int, int, str]:
    """Of several names of one address the one that people write: malloc, not __libc_malloc."""
    return (len(name) - len(name.lstrip("_")), len(name), name)

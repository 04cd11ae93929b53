"""Functions of ``LIB:pattern``, found exactly as a run finds them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from agent.capabilities import hold
from agent.kernel.elf import ElfFileError
from agent.kernel.functions import FunctionTable
from agent.kernel.modules import Module, ModuleError, find_modules
from agent.names.found import Found, NotAnswered, best
from agent.names.libraries import libraries
from bpf.params import split_function
from proto.v1.agent_pb2 import Ask, Name

EVERYTHING = "*"
NOTHING = "there is no program or library to read at that place; give the path of one, or a name like c"
_PLACE = re.compile(r" \[0x[0-9a-f]+\]$")  # told apart from others of its name


def functions(ask: Ask) -> Found:
    """Before the colon libraries are offered. ``meant`` is the number that a run would attach to."""
    library, pattern = split_function(ask.text)
    if ":" not in ask.text:
        found = libraries(ask)
        return Found([Name(value=f"{name.value}:", detail=name.detail) for name in found.names], found.total)
    tables = _tables(modules_of(library, ask.pid))
    hold(())  # from here on only what was read is looked at: a file's names may be made to break who takes them apart
    meant = [function.name for table in tables for function in table.matching(pattern)]
    fitting = meant if "*" in pattern else _holding(tables, pattern)
    names = sorted({_PLACE.sub("", name) for name in fitting}, key=_plainness)
    found_names = names if "*" in pattern else best(names, pattern, lambda name: (name,))
    values = [Name(value=f"{library}:{name}", label=name) for name in found_names[: ask.limit]]
    return Found(values, len(found_names), len(meant))


def modules_of(library: str, pid: int) -> list[Module]:
    """Raises NotAnswered; of a path it does not tell whether something else lies there."""
    try:
        return find_modules(library, pid)
    except ModuleError as error:
        raise NotAnswered(NOTHING if library.startswith("/") else str(error)) from error


def _tables(modules: Iterable[Module]) -> list[FunctionTable]:
    """Raises NotAnswered when none of them can be read."""
    tables = []
    for module in modules:
        try:
            tables.append(FunctionTable(module))
        except ElfFileError:
            continue
    if not tables:
        raise NotAnswered(NOTHING)
    return tables


def _holding(tables: Iterable[FunctionTable], text: str) -> list[str]:
    return [
        function.name
        for table in tables
        for function in table.matching(EVERYTHING)
        if text.lower() in function.name.lower()
    ]


def _plainness(name: str) -> tuple[int, int, str]:
    return (len(name) - len(name.lstrip("_")), len(name), name)

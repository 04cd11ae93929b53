"""Finds functions by their exact names in whatever a process has loaded. Imports bcc."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from bcc import BPF

from agent.kernel.functions import Function
from agent.kernel.modules import Module, ModuleError, distinct, find_modules, loaded
from agent.runner.compiler import AttachError
from agent.runner.probes import Places


def find_mapped(modules: Sequence[Module], name: str, first: int) -> Iterator[tuple[Places, Function]]:
    """In each of the files. ``first``: how many functions the run has already."""
    for module in modules:
        offset = _offset(module.path, name)
        if offset is not None:
            yield (
                Places(module.path, [offset], first, module.name),
                Function(name, module.path, offset, file=module.name),
            )
            first += 1


def mapped_modules(library: str, pids: Sequence[int]) -> list[Module]:
    """Every file that the processes run, programs included; without one (-1) the host's library of that name, if there
    is one. Raises AttachError."""
    try:
        return _host_library(library) if list(pids) == [-1] else distinct(loaded, pids)
    except ModuleError as error:
        raise AttachError(str(error)) from error


def nothing_mapped(targets: Sequence[str], pids: Sequence[int]) -> str:
    """Why there is nothing to attach to, in one line. -1: no process was given."""
    parts = [target.rpartition(":") for target in targets]
    names = ", ".join(dict.fromkeys(name for _, _, name in parts))
    if len(pids) > 1:
        return f"none of {len(pids)} processes there has a program or library loaded that defines any of {names}"
    if pids[0] > 0:
        return f"process {pids[0]} ({_comm(pids[0])}) has no program or library loaded that defines any of {names}"
    libraries = " or ".join(dict.fromkeys(library for library, _, _ in parts))
    return f"this host has no library {libraries} that defines any of {names}; give the pid of a process that has one"


def _comm(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text("utf-8", "backslashreplace").rstrip("\n")
    except OSError:
        return "has ended"


def _host_library(name: str) -> list[Module]:
    try:
        return find_modules(name, -1)
    except ModuleError:
        return []


def _offset(path: str, name: str) -> int | None:
    """Place in the file; None when it does not define the function. BCC looks through ten big libraries in the time in
    which Python reads one."""
    try:
        _, offset = BPF._check_path_symbol(path.encode(), name.encode(), 0, -1, 0)
    except Exception:  # what bcc raises for everything
        return None
    return int(offset)

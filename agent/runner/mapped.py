"""Finds functions by their exact names in whatever a process has loaded. Imports bcc."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from bcc import BPF

from agent.kernel.functions import Function
from agent.kernel.modules import Module, ModuleError, find_modules, loaded
from agent.runner.compiler import AttachError
from agent.runner.probes import Places


def find_mapped(library: str, name: str, pid: int, first: int) -> Iterator[tuple[Places, Function]]:
    """In each file that the process runs, its own program included; without a process in the host's library of that
    name, if there is one. ``first``: how many functions the run has already. Raises AttachError."""
    try:
        modules = list(loaded(pid)) if pid > 0 else _host_library(library)
    except ModuleError as error:
        raise AttachError(str(error)) from error
    for module in modules:
        offset = _offset(module.path, name)
        if offset is not None:
            yield Places(module.path, [offset], first, module.name), Function(name, module.path, offset)
            first += 1


def nothing_mapped(targets: Sequence[str], pid: int) -> str:
    """Why there is nothing to attach to, in one line. ``pid`` 0: none was given."""
    parts = [target.rpartition(":") for target in targets]
    names = ", ".join(dict.fromkeys(name for _, _, name in parts))
    if pid:
        return f"process {pid} ({_comm(pid)}) has no program or library loaded that defines any of {names}"
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

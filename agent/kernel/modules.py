"""Programs and libraries: what a short name means on this host or in a process, and which files a process runs."""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.kernel.linker_cache import linker_cache
from agent.kernel.machine import ELF_HEAD, is_elf
from agent.kernel.regular import open_regular

EVERY = "*"
FILES_MAX = 512
# OVERLAYFS_SUPER_MAGIC of linux/magic.h; struct statfs has 120 bytes on 64-bit machines.
_OVERLAY, _STATFS_BYTES = 0x794C7630, 120
_DELETED = " (deleted)"

_libc = ctypes.CDLL(None, use_errno=True)


class ModuleError(LookupError):
    """No such file. The text is one line that says what to give instead."""


@dataclass(frozen=True, slots=True)
class Module:
    """``name`` as the process knows the file; ``path`` by which this process opens the very same one."""

    name: str
    path: str
    root: Path = Path("/")


def find_modules(library: str, *pids: int) -> list[Module]:
    """``library``: a path, a short name like ``c``, or ``*`` for all that a process runs. A pid below 1: no process. Of
    several, what any of them has: each different file once.

    A path means what the process would see, so a container's own file; a file that was replaced since it was loaded is
    still found. Raises ModuleError.
    """
    if len(pids) == 1:
        return list(_modules(library, pids[0]))
    return distinct(lambda pid: _modules(library, pid), pids)


def _modules(library: str, pid: int) -> Iterable[Module]:
    if library == EVERY:
        if pid < 1:
            raise ModuleError("* means all files of a process; give it with the filter pid, or name one library")
        return loaded(pid)
    return [_named(library, pid) if pid > 0 else _on_host(library)]


def distinct(find: Callable[[int], Iterable[Module]], pids: Sequence[int]) -> list[Module]:
    """What is found in the processes, each different file once; one in which it is not found, or that has ended
    meanwhile, is passed over. Raises ModuleError when it is in none."""
    found: dict[Hashable, Module] = {}
    why = ""
    for pid in pids:
        try:
            for module in find(pid):
                if identity := file_identity(module.path):
                    found.setdefault(identity, module)
        except ModuleError as error:
            why = why or str(error)
    if not found:
        raise ModuleError(f"in none of {len(pids)} processes: {why}")
    if len(found) > FILES_MAX:
        raise ModuleError(
            f"the {len(pids)} processes run {len(found)} different files of that name, and at most {FILES_MAX} are "
            "looked at; choose one process with the filter pid"
        )
    return list(found.values())


def file_identity(path: str) -> Hashable | None:
    """The same for the same file by whatever path; None when it is gone. Containers of one image share their files, but
    each has its own overlay with a device number of its own: there the rest of what tells a file apart has to do."""
    try:
        status = Path(path).stat()
        if _is_overlay(path):
            return ("overlay", status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    except OSError:
        return None
    return (status.st_dev, status.st_ino)


def _is_overlay(path: str) -> bool:
    """By statfs(2), whose first word is the kind of file system."""
    answer = ctypes.create_string_buffer(_STATFS_BYTES)
    if _libc.statfs(os.fsencode(path), answer):
        raise OSError(ctypes.get_errno(), "statfs")
    return int.from_bytes(answer.raw[:8], "little") == _OVERLAY


def loaded(pid: int) -> Iterator[Module]:
    """Every file with code that the process has mapped, itself first. Raises ModuleError.

    Each is opened by its mapping: that is the very file, whatever has become of its path since.
    """
    process, seen = Path(f"/proc/{pid}"), set()
    try:
        maps = (process / "maps").read_text("utf-8", "surrogateescape").splitlines()
        outside = str((process / "root").readlink()).rstrip("/")
    except OSError as error:
        raise ModuleError(f"process {pid} cannot be read: {error.strerror}; is it still there?") from error
    for line in maps:
        places, access, _, _, inode, *rest = line.split(maxsplit=5)
        # The kernel shows names as this process sees them, where it can see them at all.
        name = "".join(rest).removesuffix(_DELETED).removeprefix(outside)
        if "x" in access and inode != "0" and name.startswith("/") and name not in seen:
            seen.add(name)
            start, end = (int(place, 16) for place in places.split("-"))
            yield Module(name, f"{process}/map_files/{start:x}-{end:x}", process / "root")


def _named(library: str, pid: int) -> Module:
    modules = list(loaded(pid))
    for module in modules:
        if _means(library, module.name):
            return module
    if library.startswith("/"):
        root = Path(f"/proc/{pid}/root")
        if _is_program(library, root):
            return Module(library, f"{root}{library}", root)
        raise ModuleError(f"process {pid} sees no program or library {library}; it runs {_listed(modules)}")
    if Path(f"/proc/{pid}/root").samefile("/"):
        try:
            return _on_host(library)
        except ModuleError:
            pass
    raise ModuleError(f"process {pid} has loaded no library {library}; it runs {_listed(modules)}")


def _is_program(path: str, root: Path = Path("/")) -> bool:
    """Of a file that nobody is known to run. Whether something else lies there, or nothing, or what cannot be read, is
    not for everybody who may trace: it is never told apart."""
    try:
        with open_regular(path, root) as file:
            return is_elf(file.read(ELF_HEAD))
    except OSError:
        return False


def _means(library: str, path: str) -> bool:
    name = path.rpartition("/")[2]
    if library.startswith("/"):
        return library == path
    return name == library or re.fullmatch(rf"lib{re.escape(library)}(-[\d.]+)?\.so[\d.]*", name) is not None


def _listed(modules: list[Module]) -> str:
    return ", ".join(module.name.rpartition("/")[2] for module in modules[:8]) + (", ..." if len(modules) > 8 else "")


def _on_host(library: str) -> Module:
    if library.startswith("/"):
        if not _is_program(library):
            raise ModuleError(
                f"there is no program or library {library} for this machine; give the path of one (of a script that of "
                "its interpreter), or a name like c"
            )
        return Module(library, library)
    for name, path in linker_cache():
        if _means(library, f"/{name}"):
            return Module(path, path)
    raise ModuleError(f"there is no library {library}; give its name without lib and .so, like c, or its path")

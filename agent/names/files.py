"""Opens programs and libraries to read them: no device, no pipe, and no way out of a process's root."""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from agent.capabilities import check
from agent.kernel.elf import Elf, NotElf
from agent.names.found import NotAnswered

_OPENAT2 = 437  # the same number on every architecture
_RESOLVE_NO_MAGICLINKS, _RESOLVE_IN_ROOT = 0x02, 0x10  # linux/openat2.h

_libc = ctypes.CDLL(None, use_errno=True)


@contextmanager
def opened(path: str, pid: int) -> Iterator[Elf]:
    """``path`` as the process sees it, symbolic links too; without a pid as the host does.

    Raises NotAnswered, with the same words for a missing file, another kind of file and one without symbols: what
    else lies on this host is no answer.
    """
    try:
        descriptor = _open_regular(path, f"/proc/{pid}/root" if pid else "/")
        try:
            yield Elf(descriptor)
        finally:
            os.close(descriptor)
    except (OSError, NotElf):
        reason = f"there is no program or library {path} to read; give the path of one, or a name like c"
        raise NotAnswered(reason) from None


def _open_regular(path: str, root: str) -> int:
    """Looks before it opens: opening a device may do something, opening a pipe may wait for ever."""
    base = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        place = _open_in(base, path)
    finally:
        os.close(base)
    try:
        if not stat.S_ISREG(os.fstat(place).st_mode):
            raise FileNotFoundError(path)
        return os.open(f"/proc/self/fd/{place}", os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    finally:
        os.close(place)


def _open_in(base: int, path: str) -> int:
    """Absolute links and ``..`` stay below the base, as they do for the process."""
    how = struct.pack("=QQQ", os.O_PATH | os.O_CLOEXEC, 0, _RESOLVE_IN_ROOT | _RESOLVE_NO_MAGICLINKS)
    descriptor = _libc.syscall(_OPENAT2, base, os.fsencode(path), how, len(how))
    check(descriptor, path)
    return int(descriptor)

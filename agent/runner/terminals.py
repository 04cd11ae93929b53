"""What the kernel calls a terminal that a person named."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from agent.runner.compiler import AttachError

DEVICES = Path("/dev")
# Documentation/admin-guide/devices.txt: Unix98 PTY slaves
_PTY_MAJORS = range(136, 144)
_MINOR_BITS = 20  # include/linux/kdev_t.h


def terminal_numbers(name: str) -> dict[str, int]:
    """As macros: its device number; of a pseudo-terminal also the file that stands for it, because every container has
    a /dev/pts of its own that counts from 0. Raises AttachError when there is no such terminal."""
    path = DEVICES / name
    try:
        status = path.stat()
    except OSError as error:
        raise AttachError(f"there is no terminal {path}: {error.strerror}; {_existing()}") from error
    if not stat.S_ISCHR(status.st_mode):
        raise AttachError(f"{path} is no terminal; {_existing()}")
    return {
        "TERMINAL_IS_PTY": int(os.major(status.st_rdev) in _PTY_MAJORS),
        "TERMINAL_DEVICE": _kernel_device(status.st_rdev),
        "TERMINAL_FILE_SYSTEM": _kernel_device(status.st_dev),
        "TERMINAL_INODE": status.st_ino,
    }


def no_terminal() -> dict[str, int]:
    """For a trial, which has none to name."""
    return dict.fromkeys(("TERMINAL_IS_PTY", "TERMINAL_DEVICE", "TERMINAL_FILE_SYSTEM", "TERMINAL_INODE"), 0)


def _kernel_device(number: int) -> int:
    return os.major(number) << _MINOR_BITS | os.minor(number)


def _existing() -> str:
    open_now = sorted((path.name for path in (DEVICES / "pts").glob("[0-9]*")), key=int)
    return f"open pseudo-terminals: {', '.join(f'pts/{name}' for name in open_now) or 'none'}"

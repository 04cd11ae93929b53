"""How the kernel gets past the instruction that a probe of its own stands on, which decides what a hit costs.

It does a push, a nop or a relative jump or call itself; every other instruction it lets the program do elsewhere, with
a second trap behind that step (push_setup_xol_ops() and branch_setup_xol_ops() of arch/x86/kernel/uprobes.c).
"""

from __future__ import annotations

import os
from collections.abc import Sequence

_PUSH = range(0x50, 0x58)
_PUSH_MORE = 0x41  # before a push of one of the registers r8 to r15
_OTHERS = (0x90, 0xE8, 0xE9, 0xEB)  # nop, call, jmp, short jmp


def emulated(path: str, offsets: Sequence[int]) -> list[bool]:
    """Of places in a file; False for all where it cannot be read: the dearer price is the safe one."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return [False] * len(offsets)
    try:
        return [_is_emulated(os.pread(file, 2, offset)) for offset in offsets]
    except OSError:
        return [False] * len(offsets)
    finally:
        os.close(file)


def _is_emulated(code: bytes) -> bool:
    if os.uname().machine != "x86_64" or len(code) < 2:
        return False
    first, second = code
    return first in _PUSH or first in _OTHERS or (first == _PUSH_MORE and second in _PUSH)

"""Which ELF files are programs or libraries of this machine, by how they begin."""

from __future__ import annotations

import os

# e_ident, e_type and e_machine of elf.h.
ELF_HEAD = 20
_MAGIC = b"\x7fELF"
_CLASS, _CLASS_64, _DATA, _DATA_LITTLE = 4, 2, 5, 1
_MACHINE = 18
_MACHINES = {"x86_64": 62, "aarch64": 183}  # EM_X86_64, EM_AARCH64


def is_elf(head: bytes) -> bool:
    """``head``: the first bytes of a file."""
    if len(head) < ELF_HEAD or not head.startswith(_MAGIC):
        return False
    if (head[_CLASS], head[_DATA]) != (_CLASS_64, _DATA_LITTLE):
        return False
    return int.from_bytes(head[_MACHINE:ELF_HEAD], "little") == _MACHINES.get(os.uname().machine)

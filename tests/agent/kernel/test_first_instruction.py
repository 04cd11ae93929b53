"""Which instructions the kernel does itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.kernel.first_instruction import emulated

CODE = {
    "55": True,  # push %rbp
    "4157": True,  # push %r15
    "90": True,  # nop
    "e900000000": True,  # jmp
    "4889e5": False,  # mov %rsp,%rbp
    "415d": False,  # pop %r13
    "f30f1efa": False,  # endbr64
    "b86e000000": False,  # mov $110,%eax
}


def test_by_the_first_bytes_at_each_place(tmp_path: Path) -> None:
    file = tmp_path / "code"
    file.write_bytes(b"".join(bytes.fromhex(code).ljust(16, b"\xcc") for code in CODE))
    assert emulated(str(file), [16 * index for index in range(len(CODE))]) == list(CODE.values())


@pytest.mark.parametrize("offset", [15, 16, 1 << 40])
def test_what_cannot_be_read_has_the_dearer_price(tmp_path: Path, offset: int) -> None:
    file = tmp_path / "code"
    file.write_bytes(b"\x55" * 16)
    assert emulated(str(file), [0, offset]) == [True, False]
    assert emulated(str(tmp_path / "none"), [0, offset]) == [False, False]

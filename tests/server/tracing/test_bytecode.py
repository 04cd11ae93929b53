from __future__ import annotations

import struct

import pytest

from server.tracing.bytecode import disassemble


def one(opcode: int, target: int = 0, source: int = 0, offset: int = 0, immediate: int = 0) -> bytes:
    return struct.pack("<BBhi", opcode, source << 4 | target, offset, immediate)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (one(0x79, 6, 1, 8), "r6 = *(u64 *)(r1 +8)"),
        (one(0x63, 10, 0, -4), "*(u32 *)(r10 -4) = r0"),
        (one(0x72, 10, 0, -1, 7), "*(u8 *)(r10 -1) = 7"),
        (one(0xDB, 0, 1, 0, 0), "atomic *(u64 *)(r0 +0) += r1"),
        (one(0xB7, 1, immediate=-3), "r1 = -3"),
        (one(0xBF, 6, 1), "r6 = r1"),
        (one(0xBC, 2, 3), "w2 = w3"),
        (one(0xC7, 2, immediate=32), "r2 s>>= 32"),
        (one(0x87, 4), "r4 = -r4"),
        (one(0xDC, 4, immediate=16), "r4 = be16 r4"),
        (one(0x85, immediate=131), "call ringbuf_reserve"),
        (one(0x85, immediate=9999), "call helper 9999"),
        (one(0x85, source=1, immediate=12), "call pc+12"),
        (one(0x05, offset=4), "goto 5"),
        (one(0x15, 0, offset=-1, immediate=0), "if r0 == 0 goto 0"),
        (one(0xAE, 1, 2, offset=2), "if w1 < w2 goto 3"),
        (one(0x95), "exit"),
    ],
)
def test_an_instruction_reads_as_the_kernel_writes_it(code: bytes, text: str) -> None:
    assert disassemble(code, []).partition(") ")[2] == text


def test_a_map_is_named_and_a_wide_number_is_one_number() -> None:
    code = one(0x18, 1, 1, immediate=1) + one(0) + one(0x18, 2, immediate=-1) + one(0, immediate=1)
    lines = disassemble(code, ["a", "opens_ring"]).splitlines()
    assert "r1 = <map opens_ring>" in lines[0]
    assert "r2 = 0x1ffffffff" in lines[2]
    assert "<map 1>" in disassemble(code, [])


@pytest.mark.parametrize("length", range(0, 40, 3))
def test_any_bytes_are_shown_and_none_break_it(length: int) -> None:
    code = bytes((7 * number + 24) % 256 for number in range(length))
    shown = disassemble(code, ["m"])
    assert len(shown.splitlines()) == -(-length // 8)

"""The table that the kernel compares by: struct fs_clause of bpf/include/where.h."""

from __future__ import annotations

import struct

import pytest

from agent.runner.clauses import Clause, Where, pack_clause


def unpacked(clause: Clause) -> tuple[int, bytes, bytes, int, int, int, int, int]:
    value, text, mask, offset, where, shift, signed, _, op, _ = struct.unpack("=Q64s64sI4BII", pack_clause(clause))
    return value, text, mask, offset, where, shift, signed, op


def test_a_number_is_kept_as_64_bits_and_its_width_as_a_shift() -> None:
    assert unpacked(Clause(Where.NUMBER, 24, "<", -1, 4, signed=True)) == (
        2**64 - 1,
        bytes(64),
        bytes(64),
        24,
        0,
        32,
        1,
        2,
    )
    assert unpacked(Clause(Where.NUMBER, 8, "&", 2**63, 8))[0] == 2**63


@pytest.mark.parametrize(
    ("clause", "counted"),
    [
        (Clause(Where.TEXT, 8, "==", b"ab", 16), 3),
        (Clause(Where.TEXT, 8, "==", b"ab", 2), 2),
        (Clause(Where.TEXT, 8, "^=", b"ab", 16), 2),
        (Clause(Where.LOCATED_TEXT, 8, "!=", b"", 0), 1),
        (Clause(Where.USER_TEXT, 8, "==", b"x" * 62), 63),
    ],
)
def test_of_a_text_the_bytes_count_that_decide(clause: Clause, counted: int) -> None:
    _, text, mask, *_ = unpacked(clause)
    assert isinstance(clause.value, bytes)
    assert text.startswith(clause.value)
    assert mask == b"\xff" * counted + bytes(64 - counted)


@pytest.mark.parametrize(("size", "shift"), [(1, 56), (2, 48), (4, 32), (8, 0)])
def test_the_shift_leaves_the_numbers_own_bits_with_their_sign(size: int, shift: int) -> None:
    """As bpf/include/where.h uses it: shifted up and, where signed, back with the sign."""
    word = int.from_bytes((-2).to_bytes(size, "little", signed=True) + b"\x5a" * (8 - size), "little")
    assert unpacked(Clause(Where.NUMBER, 0, "<", 0, size, signed=True))[5] == shift
    raised = (word << shift) & (2**64 - 1)
    assert int.from_bytes(raised.to_bytes(8, "little"), "little", signed=False) >> shift == 2 ** (8 * size) - 2
    assert int.from_bytes(raised.to_bytes(8, "little"), "little", signed=True) >> shift == -2

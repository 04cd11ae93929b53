"""Columns out of raw bytes, also out of bytes that point where they must not."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from agent.runner.readers.raw import field_dtype, here_array, located_array
from bpf.dynamic import Place, RawField
from proto.v1 import tool_pb2 as pb

TEXT = pb.Column(name="text", type=pb.CTYPE_STRING)
HEX = pb.Column(name="hex", type=pb.CTYPE_STRING, unit=pb.UNIT_HEX)


def slots(*records: bytes, room: int = 32) -> np.ndarray:
    data = b"".join(struct.pack("=I", len(record)) + record.ljust(room, b"\xee") for record in records)
    return np.frombuffer(data, np.dtype(f"V{4 + room}"))


def words(*values: tuple[int, int]) -> np.ndarray:
    return np.array([start | size << 16 for start, size in values], np.uint32)


def test_located_values_count_from_the_start_of_the_record() -> None:
    field = RawField(TEXT, 0, 4, place=Place.LOCATED, base=8)
    found = located_array(field, words((12, 4), (13, 2), (12, 0)), slots(b"1234ab\0c", b"12345xyz", b"1234"))
    assert found.to_pylist() == [b"ab", b"xy", b""]


def test_relative_ones_from_behind_their_word() -> None:
    field = RawField(HEX, 4, 4, place=Place.RELATIVE)
    assert located_array(field, words((0, 2)), slots(b"12345678\0\xff")).to_pylist() == [b"00ff"]


@pytest.mark.parametrize("word", [(0xFFFF, 0xFFFF), (0, 0xFFFF), (9, 200), (40, 4), (7, 1)])
def test_nothing_is_read_from_outside_of_the_bytes_that_were_filled(word: tuple[int, int]) -> None:
    field = RawField(HEX, 0, 4, place=Place.LOCATED, base=8)
    found = located_array(field, words(word), slots(b"12"))[0].as_py()
    assert b"ee" not in found
    assert len(found) <= 4


@pytest.mark.parametrize(
    ("size", "signed", "code"), [(1, True, "i1"), (2, True, "i2"), (2, False, "u2"), (8, True, "i8")]
)
def test_a_number_is_read_as_wide_as_the_field_and_stored_as_wide_as_the_column(
    size: int,
    signed: bool,
    code: str,
) -> None:
    column = pb.Column(name="n", type=pb.CTYPE_S64)
    field = RawField(column, 0, size, signed)
    dtype = field_dtype(field)
    assert dtype == np.dtype(code)
    low = np.iinfo(code).min
    assert here_array(field, np.array([low, 1], dtype)).to_pylist() == [low, 1]


def test_a_text_of_fixed_size_ends_before_its_first_nul_whatever_is_behind() -> None:
    column = pb.Column(name="c", type=pb.CTYPE_CHAR, size=10)
    values = np.frombuffer(b"ab\0cdefghi" + b"\xff" * 10, "V10")
    assert here_array(RawField(column, 0, 10), values).to_pylist() == [b"ab", b"\xff" * 10]

"""numpy to Arrow without touching single values."""

from __future__ import annotations

from ipaddress import ip_address

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.runner.arrays import (
    address_text,
    binary_dictionary,
    char_array,
    compact,
    fixed_bytes_array,
    join_dictionaries,
    name_array,
    number_array,
    slot_array,
    stack_array,
    text_array,
)
from proto.v1 import tool_pb2 as pb


def slots(values: list[bytes], size: int, filler: bytes = b"\0") -> np.ndarray:
    packed = b"".join(len(value).to_bytes(4, "little") + value.ljust(size, filler) for value in values)
    return np.frombuffer(packed, f"V{4 + size}")


@pytest.mark.parametrize("step", [1, 2])
def test_numbers_keep_their_type_and_value(step: int) -> None:
    array = number_array(np.arange(6, dtype=np.uint32)[::step], pa.uint32())
    assert (array.type, array.to_pylist()) == (pa.uint32(), list(range(0, 6, step)))


def test_one_name_for_all_rows_takes_no_search() -> None:
    array = fixed_bytes_array(np.array([np.void(b"sh".ljust(16, b"\0"))] * 5, "V16"))
    assert array.to_pylist() == [b"sh"] * 5
    assert array.dictionary.to_pylist() == [b"sh"]


@given(st.lists(st.binary(max_size=16).map(lambda value: value.rstrip(b"\0")), max_size=50))
def test_fixed_bytes_lose_their_padding(values: list[bytes]) -> None:
    array = fixed_bytes_array(np.array([np.void(value.ljust(16, b"\0")) for value in values], "V16"))
    assert array.to_pylist() == values


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "0.0.0.0", "10.0.0.0", "255.255.255.255", "::", "::1", "2001:db8::100", "fe80::1:0:0:0"]
)
def test_addresses_are_written_as_people_do(address: str) -> None:
    parsed = ip_address(address)
    packed = parsed.packed if parsed.version == 6 else bytes(10) + b"\xff\xff" + parsed.packed
    assert address_text(packed) == address.encode()


def test_a_columns_unit_says_what_its_bytes_mean() -> None:
    values = np.array([np.void(bytes(15) + b"\1"), np.void(bytes(16))], "V16")
    column = pb.Column(name="raddr", type=pb.CTYPE_CHAR, size=16, unit=pb.UNIT_IP_ADDRESS)
    assert char_array(column, values).to_pylist() == [b"::1", b"::"]
    column.unit = pb.UNIT_COMM
    assert char_array(column, values).to_pylist() == [bytes(15) + b"\1", b""]


@pytest.mark.parametrize("zeroed", [True, False])
@given(values=st.lists(st.binary(max_size=24), max_size=60))
def test_strings_have_their_exact_length(values: list[bytes], zeroed: bool) -> None:
    array = slot_array(slots(values, 24, b"\0" if zeroed else b"#"), zeroed=zeroed)
    assert array.to_pylist() == values
    assert sorted(array.dictionary.to_pylist()) == sorted(set(values))


def test_joined_dictionaries_keep_order() -> None:
    parts = [pa.array([b"a", b"b", b"a"]).dictionary_encode(), pa.array([b"c"]).dictionary_encode()]
    indices, dictionary = join_dictionaries(parts)
    assert binary_dictionary(indices, dictionary).to_pylist() == [b"a", b"b", b"a", b"c"]


def test_names_are_asked_for_once_each() -> None:
    asked: list[int] = []

    def name(index: int) -> str:
        asked.append(index)
        return f"f{index}"

    assert name_array(np.array([3, 1, 3], "u4"), name).to_pylist() == ["f3", "f1", "f3"]
    assert asked == [1, 3]


@pytest.mark.parametrize("values", [[], [7], [7, 7, 7], [7, 8, 2**64 - 1, 8]])
def test_many_numbers_may_have_one_text(values: list[int]) -> None:
    asked: list[int] = []

    def text(value: int) -> str:
        asked.append(value)
        return str(value % 2)

    array = text_array(np.array(values, np.uint64), text)
    assert array.to_pylist() == [str(value % 2) for value in values]
    assert len(array.dictionary) == len({value % 2 for value in values})
    assert sorted(asked) == sorted(set(values))


def test_stacks_share_frames_and_may_be_empty() -> None:
    array = stack_array([["main", "f"], [], ["main"]])
    assert array.to_pylist() == [["main", "f"], [], ["main"]]
    assert array.values.dictionary.to_pylist() == ["main", "f"]


def test_compact_drops_what_a_slice_does_not_use() -> None:
    batch = pa.RecordBatch.from_arrays(
        [pa.array([b"a", b"b", b"c"]).dictionary_encode(), pa.array([1, 2, 3])], ["p", "n"]
    )
    half = compact(batch.slice(2))
    assert half.to_pylist() == [{"p": b"c", "n": 3}]
    assert half.column(0).dictionary.to_pylist() == [b"c"]


def test_compact_drops_frames_that_no_stack_of_a_slice_has() -> None:
    batch = pa.RecordBatch.from_arrays([stack_array([["main", "f"], ["main", "g", "h"], []])], ["stack"])
    half = compact(batch.slice(1))
    assert half.to_pylist() == [{"stack": ["main", "g", "h"]}, {"stack": []}]
    assert half.column(0).values.dictionary.to_pylist() == ["main", "g", "h"]

"""The types of arguments as a person writes them."""

from __future__ import annotations

import pytest

from bpf.arguments import (
    Argument,
    ArgumentError,
    check_together,
    parse_arguments,
    parse_returned,
)


def test_arguments_have_the_place_in_which_they_stand() -> None:
    assert parse_arguments("fd:s32, _, u8,address:hex") == [
        Argument(1, "fd", "s32", 4, signed=True),
        Argument(3, "arg3", "u8", 1),
        Argument(4, "address", "hex", 8),
    ]
    assert parse_arguments("") == parse_arguments(" ") == []


def test_strings_and_buffers_have_a_bound() -> None:
    found = parse_arguments("str,str[20],bytes[64],a:bytes[n],b:bytes[n:9000],n:u64")
    assert [(item.type, item.most, item.length) for item in found if item.is_text] == [
        ("str", 4095, ""),
        ("str", 20, ""),
        ("bytes", 64, ""),
        ("bytes", 4096, "n"),
        ("bytes", 9000, "n"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x:float", "'float' is no type; it can be u8, "),
        ("Upper:s32", "'Upper' is no name: write a lower-case word"),
        ("fs_raw:s32", "'fs_raw' is no name"),
        ("a:s32,a:s32", "a is there twice"),
        ("pid:s32", "every row has a pid of its own already; give argument 1 another name"),
        ("x_read:s32", "every row has a x_read of its own already"),
        ("data:bytes", r"say how many bytes, like bytes\[64\] or, by another argument"),
        ("s:str[n]", "a string ends by itself"),
        ("s:str[5000]", "5000 bytes cannot be read; it can be 1 to 4095"),
        ("d:bytes[0]", "0 bytes cannot be read"),
        ("d:bytes[40000]", "40000 bytes cannot be read; it can be 1 to 32768"),
        (",".join(["s32"] * 13), "13 arguments are too many; at most 12"),
        (",".join(["str[9]"] * 7), "at most 6 strings and buffers"),
        ("bytes[32768],bytes[32768]", "of several each at most 30000 bytes"),
        ("a:s32;b:s32", "'s32;b:s32' is no type"),
    ],
)
def test_what_cannot_be_read_is_said_with_what_to_write(text: str, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        parse_arguments(text)


def test_a_function_returns_one_value() -> None:
    assert parse_returned("s32") == Argument(0, "ret", "s32", 4, signed=True)
    assert parse_returned("handle:hex").name == "handle"
    for text, message in [("s32,s32", "one value"), ("bytes[ret]", "how many bytes"), ("time:s64", "has a time")]:
        with pytest.raises(ArgumentError, match=message):
            parse_returned(text)


def test_lengths_and_names_are_checked_together() -> None:
    asked = parse_arguments("data:bytes[ret],function:s32")
    number, text = parse_returned("s64"), parse_returned("str")
    check_together(asked, number, ["time"])
    for returned, taken, message in [
        (None, [], "there is no number 'ret' among the arguments; give a type of number for ret too"),
        (text, [], "there is no number 'ret'"),
        (number, ["function"], "every row has a function of its own already; give argument 2 another name"),
        (parse_returned("data:s32"), [], "data is there twice"),
    ]:
        with pytest.raises(ArgumentError, match=message):
            check_together(asked, returned, taken)

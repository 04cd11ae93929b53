"""Bytes to text and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proto.text import escape, join_argv, split_argv, unescape


@given(st.binary(max_size=200))
def test_every_byte_string_comes_back(data: bytes) -> None:
    assert unescape(escape(data)) == data


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"/etc/hosts", "/etc/hosts"),
        ("/имя".encode(), "/имя"),
        (b"/a\xff", "/a\\xff"),
        (b"C:\\new", "C:\\\\new"),
        (b"\\xff", "\\\\xff"),
        (b"tab\tand\nline", "tab\tand\nline"),
    ],
)
def test_the_rule(data: bytes, text: str) -> None:
    assert escape(data) == text
    assert unescape(text) == data


@pytest.mark.parametrize("text", ["\\", "a\\b", "\\xg0", "\\x1", "\\\\\\"])
def test_a_stray_backslash_is_an_error_that_says_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="write"):
        unescape(text)


def test_arguments_keep_empty_ones_and_end_with_their_nul() -> None:
    assert split_argv(b"sh\0-c\0\0") == ["sh", "-c", ""]
    assert split_argv(b"") == []
    assert join_argv(b"cat\0\xff\0") == "cat \\xff"

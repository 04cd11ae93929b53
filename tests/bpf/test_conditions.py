"""What people write as comparisons, and what they are told when it is none."""

from __future__ import annotations

import pytest

from bpf.conditions import Condition, ConditionError, parse_conditions


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("len > 4096", [Condition("len", ">", 4096)]),
        ("ret=-2", [Condition("ret", "==", -2)]),
        ("flags & 0x40 && mode != 0", [Condition("flags", "&", 64), Condition("mode", "!=", 0)]),
        ("a <= 1 AND b >= 2 and c < 3", [Condition("a", "<=", 1), Condition("b", ">=", 2), Condition("c", "<", 3)]),
        ('comm == "nginx"', [Condition("comm", "==", b"nginx")]),
        ('name ^= "a and b"', [Condition("name", "^=", b"a and b")]),
        (r'name == "\xff\"\\"', [Condition("name", "==", b'\xff"\\')]),
        ("state == TCP_LISTEN", [Condition("state", "==", "TCP_LISTEN")]),
        (f"x == {2**64 - 1}", [Condition("x", "==", 2**64 - 1)]),
    ],
)
def test_comparisons(text: str, expected: list[Condition]) -> None:
    assert parse_conditions(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("len", "'len' is no comparison; write field, operator, value"),
        ("len > 4096 or x == 1", "'or x == 1' follows a comparison; join several with `and`"),
        ("len > 4096 and", "nothing follows the last `and`"),
        ("len > 4; system()", "'; system\\(\\)' follows a comparison"),
        ('comm == "x', "no comparison"),
        (f"x == {2**64}", "does not fit in 64 bits"),
        (f'x == "{"y" * 63}"', "at most 62 bytes"),
        (r'x == "\q"', "stray backslash"),
        (r'x == "\x00"', "no NUL"),
        (" and ".join(["x == 1"] * 9), "9 comparisons are too many; at most 8"),
    ],
)
def test_what_is_none_is_told(text: str, message: str) -> None:
    with pytest.raises(ConditionError, match=message):
        parse_conditions(text)

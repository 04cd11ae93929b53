from __future__ import annotations

import pytest

from fleetscope.cli.shells import Typed, reply, typed

BREAKS = " \t\n\"'><=;|&(:"


@pytest.mark.parametrize(
    ("line", "before", "word", "quoted"),
    [
        ("fleetscope start ", ["fleetscope", "start"], "", False),
        ("fleetscope start to", ["fleetscope", "start"], "to", False),
        ("x --param f=c:ma", ["x", "--param"], "f=c:ma", False),
        ("x --param 'f=a b", ["x", "--param"], "f=a b", True),
        ("x --param 'f=a ", ["x", "--param"], "f=a ", True),
        (r"x it\'s", ["x"], "it's", False),
        ("", [], "", False),
    ],
)
def test_the_last_word_of_a_line(line: str, before: list[str], word: str, quoted: bool) -> None:
    assert typed(line) == Typed(before, word, quoted)


@pytest.mark.parametrize(
    ("value", "word", "quoted", "breaks", "text"),
    [
        ("f=c:malloc", "f=c:ma", False, BREAKS, "malloc"),
        ("f=c:malloc", "f=", False, BREAKS, "c:malloc"),
        ("f=c:malloc", "f=c:ma", False, " =", "c:malloc"),
        ("f=c:malloc", "f=c:ma", True, BREAKS, "f=c:malloc"),
        ("f=/lib:a::b(int)", "f=/lib:a::", False, BREAKS, r"b\(int\)"),
        ("f=/lib:a b*", "f=/lib:", True, BREAKS, "f=/lib:a b*"),
        ("opensnoop", "op", False, BREAKS, "opensnoop"),
    ],
)
def test_bash_gets_what_it_puts_in_the_place_of_the_word(
    value: str, word: str, quoted: bool, breaks: str, text: str
) -> None:
    assert reply(value, Typed([], word, quoted), breaks) == text

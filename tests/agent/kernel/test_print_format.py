"""Tables of names in print formats; everything else in them is left alone."""

from __future__ import annotations

import pytest

from agent.kernel.print_format import Symbols, symbols_of


def test_symbols_and_flags_are_told_apart() -> None:
    found = symbols_of(
        '"%s %s", __print_symbolic(REC->why, { 0, "no" }, { 0x1UL, "yes" }), '
        '__print_flags(REC->flags & ((1 << 4) - 1), "|", { 1 << 2, "C" }, { (unsigned long)8, "D" })'
    )
    assert found == {
        "why": Symbols(((0, "no"), (1, "yes"))),
        "flags": Symbols(((4, "C"), (8, "D")), flags=True),
    }


@pytest.mark.parametrize(
    "text",
    [
        '__print_symbolic(REC->a + REC->b, { 1, "x" })',
        '__print_symbolic(REC->a, { SOME_ENUM, "x" })',
        '__print_symbolic(REC->a, { 1 << 99, "x" })',
        '__print_symbolic(REC->a, { __import__("os"), "x" })',
        '__print_symbolic(REC->a, { 9**9**9, "x" })',
        '__print_symbolic(REC->a, { 1, "x" }',
        '__print_flags(5, "|", { 1, "x" })',
        "((((" * 1000,
    ],
)
def test_what_is_no_plain_table_is_left_out(text: str) -> None:
    assert symbols_of(text) == {}


def test_a_table_of_a_hostile_length_is_cut() -> None:
    pairs = ", ".join(f'{{ {number}, "n{number}" }}' for number in range(5000))
    assert len(symbols_of(f"__print_symbolic(REC->a, {pairs})")["a"].names) == 256

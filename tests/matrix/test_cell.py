"""How answers are read and compared."""

from __future__ import annotations

import pytest

from tests.matrix.cell import same, table
from tests.matrix.stock import last_words


def test_a_table_begins_with_its_header_and_the_last_column_takes_what_is_left() -> None:
    text = "Tracing...\nPID    COMM   PATH\n12     cat    /a b\nshort line\n13     sh     /c\n"
    assert table(text, "PID", "COMM") == [
        {"PID": "12", "COMM": "cat", "PATH": "/a b"},
        {"PID": "13", "COMM": "sh", "PATH": "/c"},
    ]


@pytest.mark.parametrize(
    ("found", "tolerance", "right"),
    [
        ({"calls": 100}, 0.0, True),
        ({"calls": 101}, 0.0, False),
        ({"calls": 101}, 0.05, True),
        ({"calls": 106}, 0.05, False),
        ({}, 1.0, False),
        ({"calls": 100, "more": 1}, 1.0, False),
    ],
)
def test_words_are_the_same_or_not(found: dict[str, int], tolerance: float, right: bool) -> None:
    assert same({"calls": 100}, found, tolerance) is right


def test_the_last_words_of_a_tool_are_its_error() -> None:
    text = 'Traceback (most recent call last):\n  File "x"\nException: no such probe\n'
    assert last_words(text) == "Exception: no such probe"
    assert last_words("") == "ended without a word"

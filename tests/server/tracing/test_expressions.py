from __future__ import annotations

import duckdb
import pytest

from server.tracing.expressions import average, log2, quoted


def value(sql: str) -> object:
    found: object = duckdb.connect().execute(f"SELECT {sql}").fetchall()[0][0]
    return found


@pytest.mark.parametrize(("number", "slot"), [(0, 0), (1, 0), (2, 1), (2**60 - 1, 59), (2**60, 60), (2**64 - 1, 63)])
def test_powers_of_two_are_exact(number: int, slot: int) -> None:
    assert value(log2(f"{number}::UBIGINT")) == slot


def test_a_name_stays_one_name() -> None:
    assert quoted('a" FROM secrets --') == '"a"" FROM secrets --"'


def test_the_average_of_nothing_is_nothing() -> None:
    assert value(average("NULL::HUGEINT", "0")) is None
    assert value(average("7::HUGEINT", "2")) == 3.5

from __future__ import annotations

import math
from fractions import Fraction
from random import Random

import duckdb
import pyarrow as pa
import pytest

from server.tracing.percentiles import Percentile, column_name, in_two_passes

SHARES = [Fraction(1, 1000), Fraction(1, 2), Fraction(99, 100), Fraction(999, 1000)]


def asked(rows: pa.Table, keys: dict[str, str]) -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
        connection.register("told", rows)
        wanted = [Percentile("value", share) for share in SHARES]
        return connection.execute(in_two_passes("SELECT * FROM told", keys, {'"n"': "count(*)"}, wanted)).fetchall()


def expected(values: list[int | None]) -> list[int | None]:
    known = sorted(value for value in values if value is not None)
    return [known[max(math.ceil(share * len(known)), 1) - 1] if known else None for share in SHARES]


@pytest.mark.parametrize("spread", [1, 40, 10**6, 2**63 - 1])
def test_many_values_of_both_signs_by_group(spread: int) -> None:
    random = Random(spread)
    groups: dict[str | None, list[int | None]] = {"a": [], "b": [], None: [], "unknown": [None] * 3}
    for name in ("a", "b", None):
        groups[name] += [random.randrange(-spread, spread) for _ in range(30_000)]
        groups[name] += [spread // 3] * 5_000 + [None] * 7
    cells = [(name, value) for name, values in groups.items() for value in values]
    random.shuffle(cells)
    rows = pa.table(
        {"name": pa.array([name for name, _ in cells]), "value": pa.array([v for _, v in cells], pa.int64())}
    )
    found = {row[0]: row[1:] for row in asked(rows, {'"key"': "name"})}
    assert found == {name: (len(values), *expected(values)) for name, values in groups.items()}


def test_all_rows_are_one_group_without_a_key_even_none() -> None:
    values: list[int | None] = [2**64 - 1, 2**64 - 2, 2**53, 2**53 + 1, 0]
    assert asked(pa.table({"value": pa.array(values, pa.uint64())}), {}) == [(5, *expected(values))]
    assert asked(pa.table({"value": pa.array([], pa.uint64())}), {}) == [(0, None, None, None, None)]


def test_each_percentile_has_a_column_of_its_own() -> None:
    assert len({column_name(number) for number in range(3)}) == 3

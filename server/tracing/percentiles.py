"""Exact percentiles in two passes, so that memory holds counts and never all values of a group.

The first pass counts values by group and narrow slot, which tells in what slot the wanted one lies and how many stand
before it. The second counts the different values of this one slot.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from server.tracing.expressions import quoted

SLOTS = 64  # to each whole number that an eighth root grows by: 16,384 for unsigned values of 64 bits
_KEYED, _GROUPS = quoted(":keyed"), quoted(":groups")


@dataclass(frozen=True, slots=True)
class Percentile:
    """The smallest value that a ``share`` of the values do not exceed; null where there are none."""

    column: str
    share: Fraction


def in_two_passes(rows: str, keys: Mapping[str, str], others: Mapping[str, str], wanted: list[Percentile]) -> str:
    """A query over the query ``rows``. Each group has a column for each of ``keys`` and ``others``, which are names and
    the SQL that makes them of rows, and for each percentile one that ``column_name`` names.
    """
    names = list(keys)
    keyed = _list(*(f"{sql} AS {name}" for name, sql in keys.items()), "*")
    made = _list(*names, *(f"{sql} AS {name}" for name, sql in others.items()), "count(*)")
    tables = [
        f"{_KEYED} AS NOT MATERIALIZED (SELECT {keyed} FROM ({rows}))",  # noqa: S608
        f"{_GROUPS} AS (SELECT {made} FROM {_KEYED}{_by(names)})",  # noqa: S608
        *(_slots(names, column) for column in dict.fromkeys(one.column for one in wanted)),
    ]
    found, joins = [f"{_GROUPS}.{name}" for name in [*names, *others]], ""
    for number, one in enumerate(wanted):
        exact = quoted(f":exact {number}")
        tables += [_picked(names, one, number), _values(names, one, number), _exact(names, number)]
        found.append(f"{exact}.value AS {column_name(number)}")
        joins += f" LEFT JOIN {exact} ON {_same(names, _GROUPS, exact)}"
    return f"WITH {_list(*tables)} SELECT {_list(*found)} FROM {_GROUPS}{joins}"  # noqa: S608


def column_name(number: int) -> str:
    return quoted(f":percentile {number}")


def _slots(keys: list[str], column: str) -> str:
    """How many values of the column lie in each slot of each group."""
    counted = _list(*keys, f"{_slot(quoted(column))} AS slot", "count(*) AS number")
    some = f"{quoted(column)} IS NOT NULL"
    return (
        f"{_slots_name(column)} AS MATERIALIZED "  # noqa: S608
        f"(SELECT {counted} FROM {_KEYED} WHERE {some} GROUP BY {_list(*keys, 'slot')})"
    )


def _picked(keys: list[str], wanted: Percentile, number: int) -> str:
    """The slot of each group that holds the wanted value: its place, and how many stand before the slot."""
    above, below = wanted.share.numerator, wanted.share.denominator
    place = f"greatest((total * {above} + {below - 1}) // {below}, 1)"
    sums = f"{_running(keys, 'slot')} AS upto, sum(number) OVER ({_within(keys)})::HUGEINT AS total"
    found = _list(*keys, "slot", "upto - number AS before", f"{place} AS place")
    return (
        f"{quoted(f':picked {number}')} AS MATERIALIZED (SELECT {found} "  # noqa: S608
        f"FROM (SELECT *, {sums} FROM {_slots_name(wanted.column)}) WHERE upto >= {place} AND upto - number < {place})"
    )


def _values(keys: list[str], wanted: Percentile, number: int) -> str:
    """How often each value of the picked slot is there."""
    picked, value = quoted(f":picked {number}"), f"{_KEYED}.{quoted(wanted.column)}"
    own = [f"{picked}.{key}" for key in keys]
    counted = _list(*own, f"{value} AS value", "before", "place", "count(*) AS number")
    inside = f"{_same(keys, _KEYED, picked)} AND {_slot(value)} = {picked}.slot"
    return (
        f"{quoted(f':values {number}')} AS (SELECT {counted} FROM {_KEYED} JOIN {picked} ON {inside} "  # noqa: S608
        f"GROUP BY {_list(*own, value, 'before', 'place')})"
    )


def _exact(keys: list[str], number: int) -> str:
    """The value at whose place the count arrives."""
    counted = f"SELECT *, before + {_running(keys, 'value')} AS upto FROM {quoted(f':values {number}')}"  # noqa: S608
    return (
        f"{quoted(f':exact {number}')} AS "  # noqa: S608
        f"(SELECT {_list(*keys, 'value')} FROM ({counted}) WHERE upto >= place AND upto - number < place)"
    )


def _slot(value: str) -> str:
    """Grows with the value or stays: rounding to a double and taking a square root never turn an order around."""
    size = f"abs({value}::DOUBLE)"
    return f"(sign({value}::DOUBLE) * floor({SLOTS} * sqrt(sqrt(sqrt({size})))))::INTEGER"


def _running(keys: list[str], order: str) -> str:
    return f"sum(number) OVER ({_within(keys)} ORDER BY {order})::HUGEINT"


def _within(keys: list[str]) -> str:
    return f"PARTITION BY {_list(*keys)}" if keys else ""


def _by(keys: list[str]) -> str:
    return f" GROUP BY {_list(*keys)}" if keys else ""


def _same(keys: list[str], left: str, right: str) -> str:
    """Of one group; a key may be null."""
    return " AND ".join(f"{left}.{key} IS NOT DISTINCT FROM {right}.{key}" for key in keys) or "true"


def _slots_name(column: str) -> str:
    return quoted(f":slots {column}")


def _list(*parts: str) -> str:
    return ", ".join(parts)

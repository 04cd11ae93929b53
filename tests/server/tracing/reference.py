"""Questions answered by plain Python over lists of rows: slow, and with nothing in common with the engine."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cmp_to_key, partial
from typing import Any

from proto.text import escape, unescape
from server.tracing.question import Filter, Key, Measure, Question

Row = Mapping[str, Any]
TEXT = frozenset({"comm", "path"})  # columns of bytes
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "contains": lambda a, b: b in a,
    "prefix": lambda a, b: a[: len(b)] == b,
    "has": lambda a, b: b.lower() in a.lower(),
    "bits": lambda a, b: a & b == b,
}


def expected(rows: Sequence[Row], question: Question) -> list[list[Any]]:
    """As the API gives it. ``rows``: with host, row and wall-clock time, in the order of host and row."""
    chosen = [row for row in rows if _chosen(row, question)]
    grouped = bool(question.group_by or question.measures)
    plain = [{name: row[name] for name in question.columns} for row in chosen]
    table = _grouped(chosen, question) if grouped else plain
    by = [(order.by, order.descending) for order in question.order]
    if grouped:
        names = [key.column for key in question.group_by]
        by = by or [((question.measures or [Measure(function="count")])[0].name, True)]
        by += [(name, False) for name in names]
    compare: Callable[[Row, Row], int] = partial(_compare, by=by)
    ordered = sorted(table, key=cmp_to_key(compare))
    page = ordered[question.offset : question.offset + question.limit]
    return [[_shown(name, value) for name, value in row.items()] for row in page]


def _chosen(row: Row, question: Question) -> bool:
    groups = [[wanted] for wanted in question.filters] + question.any_of
    return all(any(agrees(row, wanted) for wanted in group) for group in groups)


def agrees(row: Row, wanted: Filter) -> bool:
    """A row without the column agrees with neither a filter nor its opposite."""
    return row[wanted.column] is not None and _passes(row, wanted) != wanted.negated


def _passes(row: Row, wanted: Filter) -> bool:
    value = _text(row[wanted.column])
    if wanted.op == "in":
        assert isinstance(wanted.value, list)
        return value in [_typed(wanted.column, one) for one in wanted.value]
    assert not isinstance(wanted.value, list)
    if wanted.op == "has" and isinstance(value, int):
        return str(wanted.value) in str(value)
    return _COMPARE[wanted.op](value, _typed(wanted.column, wanted.value))


def _text(value: Any) -> Any:
    """A stack is searched as its frames one below the other."""
    return "\n".join(value) if isinstance(value, tuple) else value


def _typed(column: str, value: int | str) -> Any:
    if column in ("host", "stack"):
        return str(value)
    return unescape(str(value)) if column in TEXT else int(value)


def _grouped(rows: Sequence[Row], question: Question) -> list[dict[str, Any]]:
    groups: dict[tuple[Any, ...], list[Row]] = {} if question.group_by else {(): []}
    for row in rows:
        groups.setdefault(tuple(_key(key, row[key.column]) for key in question.group_by), []).append(row)
    names = [key.column for key in question.group_by]
    measures = question.measures or [Measure(function="count")]
    return [
        dict(zip(names, values, strict=True)) | {one.name: _measure(one, group) for one in measures}
        for values, group in groups.items()
    ]


def _key(key: Key, value: Any) -> Any:
    if key.log2:
        return max(value, 1).bit_length() - 1
    if not key.width:
        return value
    return value - abs(value) % key.width * (1 if value > 0 else -1)


def _measure(measure: Measure, rows: Sequence[Row]) -> Any:
    if measure.function == "count":
        return len(rows)
    values = sorted(row[measure.column] for row in rows)
    if measure.function == "distinct":
        return len(set(values))
    if not values:
        return None
    if measure.share is not None:
        return values[max(math.ceil(measure.share * len(values)) - 1, 0)]
    total = sum(values)
    # Rounded before it is divided, as the engine does: the order of averages that are nearly equal hangs on it.
    found = {"sum": total, "min": values[0], "max": values[-1], "avg": float(total) / len(values)}
    return found[measure.function]


def _compare(a: Row, b: Row, by: Sequence[tuple[str, bool]]) -> int:
    for name, descending in by:
        one, other = _place(a[name]), _place(b[name])
        if one != other:
            return (1 if one > other else -1) * (-1 if descending else 1)
    return 0


def _place(value: Any) -> Any:
    """What is missing stands last."""
    return (value is None, 0 if value is None else value)


def _shown(name: str, value: Any) -> Any:
    if isinstance(value, bytes):
        return escape(value)
    if isinstance(value, tuple):
        return list(value)
    time = name == "time" or name.endswith("_time")
    if isinstance(value, int) and (time or abs(value) > 2**53):
        return str(value)
    return value

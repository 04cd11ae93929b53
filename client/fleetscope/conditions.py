"""Conditions on rows as people write them, such as `latency > 1ms`, as the server's filters."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from fleetscope.errors import Refused

_CONDITION = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*(!=|<=|>=|!~|\^=|=|<|>|~)\s*(.*)", re.DOTALL)
_OPERATORS = {
    "=": ("eq", False),
    "!=": ("ne", False),
    "<": ("lt", False),
    "<=": ("le", False),
    ">": ("gt", False),
    ">=": ("ge", False),
    "~": ("has", False),
    "!~": ("has", True),
    "^=": ("prefix", False),
}
_ORDERED = frozenset({"lt", "le", "gt", "ge"})
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.]+(?:Z|[+-][0-9:]+)?")
_SPAN = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ns|us|ms|s)")
_NANOSECONDS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9}


def where(conditions: Iterable[str]) -> dict[str, Any]:
    """Rows that pass all of them. Raises Refused, naming the one that makes no sense."""
    return {"filters": [_filter(text) for text in conditions]}


def _filter(text: str) -> dict[str, Any]:
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise Refused(
            f"{text!r} is no condition; write a column, one of = != < <= > >= ~ !~ ^= and a value, like 'latency>1ms'",
            code="invalid",
            field="where",
        )
    name, sign, value = match.groups()
    operator, negated = _OPERATORS[sign]
    wanted = {"column": name, "op": operator, "value": _amount(value) if operator in _ORDERED else value}
    return wanted | ({"negated": True} if negated else {})


def _amount(text: str) -> str:
    """Spans and moments in nanoseconds, anything else as it is."""
    if span := _SPAN.fullmatch(text):
        return str(round(float(span[1]) * _NANOSECONDS[span[2]]))
    if not _TIME.fullmatch(text):
        return text
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(
            f"{text!r} is no moment; write one like 2026-11-22T20:15:00Z", code="invalid", field="where"
        ) from None
    return str(round(moment.timestamp() * 10**6) * 1000)

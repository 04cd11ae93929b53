"""Typed comparisons of fields, as a person writes them: ``len > 4096 and comm == "nginx"``.

Only their form is checked here, by the server before a start and again by the host; which fields there are and what
fits into them is known on the host alone. They reach BPF as values of a map, never as program text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from proto.text import unescape

MAX_CONDITIONS = 8
MAX_TEXT = 62  # of the 64 bytes that BPF reads one ends the text and one tells a longer one
OPERATORS = ("==", "!=", "<", "<=", ">", ">=", "&", "^=")

_AND = re.compile(r"\s*(?:&&|\band\b)\s*", re.IGNORECASE)
_CONDITION = re.compile(
    r"\s*(?P<field>[A-Za-z_]\w*)\s*(?P<op>==|!=|<=|>=|\^=|=|<|>|&(?!&))\s*"
    r'(?:(?P<number>-?(?:0[xX][0-9a-fA-F]+|\d+))\b|"(?P<text>(?:[^"\\]|\\.)*)"|(?P<name>[A-Za-z_][\w+.-]*))'
)
_EXAMPLE = 'write field, operator, value, like len > 4096 or comm == "nginx"'


class ConditionError(ValueError):
    """The text is one line that says what is wrong and what to write."""


@dataclass(frozen=True, slots=True)
class Condition:
    """``value``: a number, the bytes of a text, or the name that the field has for one of its values."""

    field: str
    op: str
    value: int | bytes | str


def parse_conditions(text: str) -> list[Condition]:
    """All of which must hold. Raises ConditionError."""
    found: list[Condition] = []
    at = 0
    while text[at:].strip():
        match = _CONDITION.match(text, at)
        if match is None:
            raise ConditionError(f"{text[at:].strip()[:80]!r} is no comparison; {_EXAMPLE}")
        found.append(_condition(match))
        at = match.end()
        joint = _AND.match(text, at)
        if joint is None and text[at:].strip():
            raise ConditionError(f"{text[at:].strip()[:80]!r} follows a comparison; join several with `and`")
        at = joint.end() if joint else at
        if joint and not text[at:].strip():
            raise ConditionError("nothing follows the last `and`; leave it out")
    if len(found) > MAX_CONDITIONS:
        raise ConditionError(f"{len(found)} comparisons are too many; at most {MAX_CONDITIONS} can be asked")
    return found


def _condition(match: re.Match[str]) -> Condition:
    field, op = match["field"], "==" if match["op"] == "=" else match["op"]
    if match["number"] is not None:
        return Condition(field, op, _number(field, match["number"]))
    if match["name"] is not None:
        return Condition(field, op, match["name"])
    return Condition(field, op, _text(field, match["text"]))


def _number(field: str, text: str) -> int:
    number = int(text, 16 if "x" in text.lower() else 10)
    if not -(2**63) <= number < 2**64:
        raise ConditionError(f"{field}: {text} does not fit in 64 bits")
    return number


def _text(field: str, text: str) -> bytes:
    try:
        value = unescape(text.replace('\\"', '"'))
    except ValueError as error:
        raise ConditionError(f"{field}: {error}") from error
    if len(value) > MAX_TEXT or b"\0" in value:
        raise ConditionError(f"{field}: a text to compare with has at most {MAX_TEXT} bytes and no NUL")
    return value

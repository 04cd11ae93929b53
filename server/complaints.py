"""What is wrong with a request's value, in one line: the field, its trouble and what is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.errors import Invalid

_NO_NUL = r"^[^\x00]*$"
# By pydantic's kind of error; braces are filled from its context.
_TROUBLE = {
    "missing": "is missing; give it",
    "extra_forbidden": "is not known; check its spelling or leave it out",
    "string_type": "is no text; give a text",
    "int_type": "is no whole number; give one",
    "int_parsing": "is no whole number; give one",
    "int_parsing_size": "is too large a number; give a smaller one",
    "int_from_float": "is no whole number; give one",
    "float_type": "is no number; give one",
    "float_parsing": "is no number; give one",
    "bool_type": "is neither true nor false; give one of them",
    "bool_parsing": "is neither true nor false; give one of them",
    "list_type": "is no list; give a list",
    "dict_type": "is no object; give a JSON object",
    "model_type": "is no object; give a JSON object",
    "model_attributes_type": "is no object; give a JSON object",
    "uuid_parsing": "is no id; give a UUID",
    "uuid_type": "is no id; give a UUID",
    "string_too_short": "is too short; shortest allowed length: {min_length}",
    "string_too_long": "is too long; longest allowed length: {max_length}",
    "string_pattern_mismatch": "holds what is not allowed; it has to match {pattern}",
    "too_short": "has {actual_length} entries; at least {min_length} are needed",
    "too_long": "has too many entries; at most {max_length} are allowed",
    "greater_than": "is too small; allowed is more than {gt}",
    "greater_than_equal": "is too small; allowed is {ge} or more",
    "less_than": "is too large; allowed is less than {lt}",
    "less_than_equal": "is too large; allowed is {le} or less",
    "literal_error": "is not allowed; choose {expected}",
    "enum": "is not allowed; choose {expected}",
}


def invalid(error: Mapping[str, Any]) -> Invalid:
    """One of django-ninja's errors: its place starts with the part of the request, a body's then with its own name."""
    place = [str(part) for part in error["loc"]]
    field = ".".join(place[2:] if place[:1] == ["body"] else place[1:]) or None
    return Invalid(f"{field or 'the body of the request'} {_trouble(error)}", field=field)


def _trouble(error: Mapping[str, Any]) -> str:
    context: Mapping[str, Any] = error.get("ctx", {})
    if context.get("pattern") == _NO_NUL:
        return "holds a NUL byte; leave it out"
    known = _TROUBLE.get(error["type"])
    if known is None:
        return f"is not valid: {' '.join(str(error['msg']).split())}"
    return known.format_map(context)

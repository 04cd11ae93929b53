"""An entry as the bytes that are hashed, exported and checked: canonical JSON of every field."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable
from typing import Any

import orjson

from proto import merkle
from server.audit.models import AuditEntry

FIELDS = ("id", "time", "actor", "action", "outcome", "tool", "hosts", "session", "reason", "detail")
_INTEGERS = range(-(2**63), 2**64)
_FLOAT_MAX = 1e15  # beyond it PostgreSQL hands a float back as an integer


def leaf_bytes(entry: AuditEntry) -> bytes:
    return canonical([getattr(entry, name) for name in FIELDS])


def canonical(values: Iterable[Any]) -> bytes:
    """Of the values of FIELDS, in their order."""
    fields = dict(zip(FIELDS, values, strict=True))
    fields["time"] = fields["time"].astimezone(datetime.UTC).isoformat(timespec="microseconds")
    fields["session"] = str(fields["session"]) if fields["session"] else None
    return orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)


def leaf_hash(entry: AuditEntry) -> bytes:
    return merkle.leaf_hash(leaf_bytes(entry))


def storable(value: Any) -> Any:
    """As every database gives it back: PostgreSQL has no NUL in text, and JSON neither infinity nor endless numbers nor
    a zero below zero."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode(errors="replace").decode()
    if isinstance(value, dict):
        return {storable(str(key)): storable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [storable(item) for item in value]
    if isinstance(value, float):
        return value + 0.0 if math.isfinite(value) and abs(value) < _FLOAT_MAX else str(value)
    if isinstance(value, int) and value not in _INTEGERS:
        return str(value)
    return value

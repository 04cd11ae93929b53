"""A host's own record of its decisions: JSON lines, each with a hash over itself and the line before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any

GENESIS = "0" * 64


class HostLogError(ValueError):
    """Names the first line that does not follow from those before it."""


def line_of(last: str, entry: dict[str, Any]) -> tuple[str, bytes]:
    """The hash of an entry that follows the hash `last`, and the line to write."""
    digest = _chained(last, entry)
    return digest, json.dumps({**entry, "prev": last, "hash": digest}).encode() + b"\n"


def entries(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """Every entry, checked. Raises HostLogError."""
    last = GENESIS
    for number, line in enumerate(lines, 1):
        entry = _checked(number, line, last)
        last = str(entry["hash"])
        yield entry


def _checked(number: int, line: bytes, last: str) -> dict[str, Any]:
    try:
        entry = json.loads(line)
        bare = {key: value for key, value in entry.items() if key not in ("prev", "hash")}
        sound = entry["prev"] == last and entry["hash"] == _chained(last, bare) and entry["n"] == number
    except (ValueError, KeyError, AttributeError, TypeError):
        sound = False
    if not sound:
        raise HostLogError(f"line {number} does not follow from the lines before it: the log was changed or cut")
    return dict(entry)


def _chained(last: str, entry: dict[str, Any]) -> str:
    return hashlib.sha256((last + json.dumps(entry, sort_keys=True)).encode()).hexdigest()

"""What a session of `uprobe` or `usdt` reads of a call, and of what its numbers may be read without signatures.

Used by the server before a start and again by the host. A number can be as secret as a text: a key handler gets what
somebody types as one.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bpf.arguments import parse_arguments, parse_returned
from proto.v1 import tool_pb2 as pb

LISTED_MAX = 100
LISTED_CHARACTERS = 500
# The parameter that says of which calls, by where the columns come from.
_TARGETS: dict[int, str] = {pb.DYNAMIC_CALL: "function", pb.DYNAMIC_USDT: "probe"}
CALLS = tuple(_TARGETS)
_ALL = "all arguments (args=_ shows none)"


@dataclass(frozen=True, slots=True)
class Reads:
    """Names, with commas. ``texts``: of strings and buffers, memory that an argument points to. ``target``: of which
    calls, as ``LIB:pattern``."""

    texts: str
    numbers: str
    target: str


def call_reads(dynamic: int, values: Mapping[str, int | bool | str]) -> Reads:
    """By the parameters ``args`` and ``ret``; a USDT probe without them shows all that it has. Raises ArgumentError."""
    arguments = str(values.get("args", ""))
    found = parse_arguments(arguments)
    if values.get("ret"):
        found.append(parse_returned(str(values["ret"])))
    texts, numbers = (", ".join(item.name for item in found if item.is_text is text) for text in (True, False))
    if dynamic == pb.DYNAMIC_USDT and not arguments.strip():
        numbers = _ALL
    return Reads(texts, numbers, str(values.get(_TARGETS.get(dynamic, ""), "")))


def is_listed(target: str, listed: Iterable[str]) -> bool:
    """Whether every call that the target can mean is on a list of ``FILE:pattern``. A ``*`` in the target is a letter
    like others here: what a list's ``*`` takes, it takes with whatever the target's may stand for."""
    file, _, pattern = target.partition(":")
    if not _is_plain(file):
        return False
    parts = (one.partition(":") for one in listed)
    return any(_fits(file, files) and _fits(pattern, patterns) for files, _, patterns in parts)


def check_listed(text: str) -> None:
    """Raises ValueError: what an entry of such a list must be."""
    file, _, pattern = text.partition(":")
    if len(text) > LISTED_CHARACTERS or not pattern or not _is_plain(file):
        raise ValueError(
            f"{text[:LISTED_CHARACTERS]!r} must be FILE:FUNCTION or FILE:PROVIDER:PROBE with the whole path of the "
            "file, without . and .., such as /opt/app/server:handle_*"
        )


def _is_plain(file: str) -> bool:
    """A path that leads where it says, as far as it can be seen from the path."""
    return file.startswith("/") and not file.startswith("//") and posixpath.normpath(file) == file


def _fits(text: str, pattern: str) -> bool:
    """With ``*`` for any letters; takes no longer for a hostile text than for another."""
    first, *rest = pattern.split("*")
    if not rest:
        return text == pattern
    last = rest.pop()
    at, end = len(first), len(text) - len(last)
    if end < at or not text.startswith(first) or not text.endswith(last):
        return False
    for part in rest:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True

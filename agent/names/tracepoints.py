"""Tracepoints of the kernel and their fields, as tracefs describes them."""

from __future__ import annotations

import os
import re
from pathlib import Path

from agent.names.found import Found, NotAnswered, best
from proto.text import escape
from proto.v1.agent_pb2 import Ask, Name

EVENTS = Path("/sys/kernel/tracing/events")
_FORMAT_BYTES_MAX = 65536
_FIELD = re.compile(r"field:(?P<kind>[^;]*?)(?P<name>\w+)(?P<array>\[[^\]]*\])?;")
_PLAIN = re.compile(r"\w+")
_COMMON = "common_"


def tracepoints(ask: Ask) -> Found:
    """Each with the names of its fields."""
    found = best(_all(), ask.text, lambda name: (name, name.partition(":")[2]))
    names = [Name(value=name, detail=", ".join(field for field, _ in fields(name))) for name in found[: ask.limit]]
    return Found(names, len(found))


def tracepoint_fields(ask: Ask) -> Found:
    """Of the tracepoint in the text, in the order of its record."""
    known = fields(ask.text)
    if not known:
        raise NotAnswered(f"there is no tracepoint {ask.text}; write category:event, like sched:sched_switch")
    names = [Name(value=name, detail=kind) for name, kind in known[: ask.limit]]
    return Found(names, len(known))


def fields(tracepoint: str) -> list[tuple[str, str]]:
    """(name, C type) without those that every tracepoint has; empty: there is no such tracepoint."""
    category, _, event = tracepoint.partition(":")
    if not _PLAIN.fullmatch(category) or not _PLAIN.fullmatch(event):
        return []  # a name, never a path
    try:
        with (EVENTS / category / event / "format").open("rb") as file:
            text = escape(file.read(_FORMAT_BYTES_MAX))
    except OSError:
        return []
    found = [(match["name"], match["kind"].strip() + (match["array"] or "")) for match in _FIELD.finditer(text)]
    return [(name, kind) for name, kind in found if not name.startswith(_COMMON)]


def _all() -> list[str]:
    try:
        lines = (EVENTS.parent / "available_events").read_text("utf-8", "replace").splitlines()
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise NotAnswered(f"{EVENTS.parent} cannot be read ({reason}); mount tracefs there") from error
    return sorted(lines)

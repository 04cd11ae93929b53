"""Tracepoints of the kernel and their fields, as tracefs describes them."""

from __future__ import annotations

from agent.kernel.field_columns import field_risk, shape, type_text
from agent.kernel.tracepoint_request import usable_fields
from agent.kernel.tracepoints import TracepointError, read_tracepoint, tracefs, tracepoint_names
from agent.names.found import Found, NotAnswered, best
from proto.v1.agent_pb2 import Ask, Name


def tracepoints(ask: Ask) -> Found:
    """Each with the names of its fields."""
    found = best(_all(), ask.text, lambda name: (name, name.partition(":")[2]))
    return Found([Name(value=name, detail=_field_names(name)) for name in found[: ask.limit]], len(found))


def tracepoint_fields(ask: Ask) -> Found:
    """Of the tracepoint in the text, in the order of its record, with what showing each of them reveals."""
    try:
        known = usable_fields(read_tracepoint(ask.text))
    except TracepointError as error:
        raise NotAnswered(str(error)) from error
    category = ask.text.partition(":")[0]
    names = [
        Name(value=field.name, detail=type_text(field), risk=field_risk(field, category), shape=shape(field))
        for field in known[: ask.limit]
    ]
    return Found(names, len(known))


def _field_names(target: str) -> str:
    try:
        return ", ".join(field.name for field in usable_fields(read_tracepoint(target)))
    except TracepointError:
        return ""  # gone since it was listed, with its module


def _all() -> list[str]:
    names = tracepoint_names()
    if not names:
        raise NotAnswered(f"{tracefs()} cannot be read; mount tracefs there")
    return names

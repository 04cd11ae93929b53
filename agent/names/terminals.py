"""Pseudo terminals of the host, each with the process that works in it. None of them is opened."""

from __future__ import annotations

import os
from pathlib import Path

from agent.names.found import Found, best
from agent.names.processes import Process, running, started_wall_ns, user_name
from proto.text import escape
from proto.v1.agent_pb2 import Ask, Name

_PTS = Path("/dev/pts")
_MAJORS = range(136, 144)  # Documentation/admin-guide/devices.txt: the ends that programs use


def terminals(ask: Ask) -> Found:
    """In the order of their numbers."""
    numbers = sorted(int(name) for name in os.listdir(_PTS) if name.isdecimal()) if _PTS.is_dir() else []  # noqa: PTH208
    at = _latest(ask)
    if ask.never_uids:
        numbers = [number for number in numbers if _owner(number) not in ask.never_uids]
    found = best(numbers, ask.text, lambda number: (f"pts/{number}", _comm(at.get(number))))
    return Found([_name(number, at.get(number)) for number in found[: ask.limit]], len(found))


def _name(number: int, process: Process | None) -> Name:
    name = Name(value=f"pts/{number}")
    if process is not None:
        name.label = f"pts/{number} {_comm(process)}"
        name.since_wall_ns = started_wall_ns(process.ticks)
    uid = _owner(number)
    name.detail = "closed" if uid is None else user_name(uid)
    return name


def _owner(number: int) -> int | None:
    try:
        return (_PTS / str(number)).stat().st_uid
    except OSError:
        return None


def _comm(process: Process | None) -> str:
    return escape(process.comm) if process else ""


def _latest(ask: Ask) -> dict[int, Process]:
    """The newest process of each terminal: what a person there looks at."""
    found: dict[int, Process] = {}
    for process in sorted(running(ask), key=lambda process: process.ticks):
        if (number := _number(process.tty)) is not None:
            found[number] = process
    return found


def _number(tty: int) -> int | None:
    """proc(5), field 7: the minor stands in bits 31 to 20 and 7 to 0, the major in between."""
    major, minor = tty >> 8 & 0xFFF, tty & 0xFF | tty >> 12 & 0xFFF00
    return (major - _MAJORS.start) * 256 + minor if major in _MAJORS else None

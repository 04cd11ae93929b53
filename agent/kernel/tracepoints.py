"""The tracepoints of this kernel and their fields, as tracefs describes them. Standard library only.

The format of ``events/<category>/<event>/format`` is that of the kernel's ``f_show`` in kernel/trace/trace_events.c.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from agent.kernel.print_format import Symbols, symbols_of
from bpf.dynamic import Place

TRACEFS = (Path("/sys/kernel/tracing"), Path("/sys/kernel/debug/tracing"))
RECORD_MAX = 8192  # PERF_MAX_TRACE_SIZE
_OWN = ("ftrace",)  # descriptions of the tracer's own records, not places in the kernel
_FORMAT_MAX = 1 << 20
_NO_SYMBOLS = Symbols()

_FIELD = re.compile(
    r"\tfield:(?P<what>[^;]+);\s*offset:(?P<offset>\d+);\s*size:(?P<size>\d+);(?:\s*signed:(?P<signed>[01]);)?"
)
_DECLARATION = re.compile(
    r"(?P<loc>__data_loc |__rel_loc )?(?P<type>.+?)\s*(?P<name>\b[A-Za-z_]\w*)(?P<array>\[[^]]*\])?"
)
_TARGET = re.compile(r"\w+:\w+", re.ASCII)


class TracepointError(ValueError):
    """The text is one line for people."""


@dataclass(frozen=True, slots=True)
class Field:
    """``size`` is of what lies at ``offset``; ``c_type`` of one element where it is an ``array``."""

    name: str
    c_type: str
    offset: int
    size: int
    signed: bool = False
    array: bool = False
    place: Place = Place.HERE
    symbols: Symbols = _NO_SYMBOLS

    @property
    def end(self) -> int:
        return self.offset + self.size


@dataclass(frozen=True, slots=True)
class Tracepoint:
    """``fields`` without those that all tracepoints share: a BPF program cannot read them."""

    target: str
    fields: tuple[Field, ...]


def tracefs() -> Path:
    return next((root for root in TRACEFS if (root / "events").is_dir()), TRACEFS[0])


def tracepoint_names() -> list[str]:
    """All of this kernel as ``category:event``, in order."""
    found = {f"{path.parent.parent.name}:{path.parent.name}" for path in (tracefs() / "events").glob("*/*/format")}
    return sorted(name for name in found if _TARGET.fullmatch(name) and name.partition(":")[0] not in _OWN)


def read_tracepoint(target: str) -> Tracepoint:
    """Raises TracepointError."""
    category, _, event = target.partition(":")
    if not _TARGET.fullmatch(target) or category in _OWN:
        raise TracepointError(f"{target!r} is no tracepoint; write category:event, like sched:sched_process_exec")
    path = tracefs() / "events" / category / event / "format"
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            text = file.read(_FORMAT_MAX)
    except OSError as error:
        raise TracepointError(_absent(category, target)) from error
    return parse_format(target, text)


def parse_format(target: str, text: str) -> Tracepoint:
    """Raises TracepointError when the text is not what the kernel writes."""
    head, _, print_format = text.partition("print fmt:")
    symbols = symbols_of(print_format)
    fields: dict[str, Field] = {}
    for line in head.splitlines():
        if not line.startswith("\tfield:"):
            continue
        field = _field(target, line, symbols)
        if field.size == 0 or field.name.startswith("common_"):
            continue
        if field.name in fields:
            raise TracepointError(f"{target}: its format names the field {field.name} twice")
        fields[field.name] = field
    return Tracepoint(target, tuple(fields.values()))


def _field(target: str, line: str, symbols: dict[str, Symbols]) -> Field:
    match = _FIELD.match(line)
    declared = _DECLARATION.fullmatch(match["what"].strip()) if match else None
    if match is None or declared is None:
        raise TracepointError(f"{target}: its format has a field that cannot be read: {line.strip()[:120]}")
    offset, size = int(match["offset"]), int(match["size"])
    if offset + size > RECORD_MAX:
        raise TracepointError(f"{target}: its field {declared['name']} ends behind {RECORD_MAX} bytes")
    c_type, place = declared["type"].strip(), _PLACES[declared["loc"]]
    if place is not Place.HERE and size != 4:
        raise TracepointError(f"{target}: its field {declared['name']} is located by {size} bytes, not by 4")
    return Field(
        declared["name"],
        c_type.removesuffix("[]").strip(),
        offset,
        size,
        match["signed"] == "1",
        declared["array"] is not None or c_type.endswith("[]"),
        place,
        symbols.get(declared["name"], _NO_SYMBOLS),
    )


_PLACES = {None: Place.HERE, "__data_loc ": Place.LOCATED, "__rel_loc ": Place.RELATIVE}


def _absent(category: str, target: str) -> str:
    events = tracefs() / "events"
    if not events.is_dir():
        return f"cannot look up {target}: tracefs is not mounted; run: mount -t tracefs tracefs {TRACEFS[0]}"
    if not (events / category).is_dir():
        return f"this kernel has no tracepoint {target} and no category {category}; see: ls {events}"
    return f"this kernel has no tracepoint {target}; see: ls {events / category}"

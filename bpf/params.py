"""Checks what a person asked for against the manifest: parameters, common filters, limits. Used by the server before a
start and again by the host, with the same words.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping

from bpf.arguments import ArgumentError, parse_arguments, parse_returned
from bpf.conditions import ConditionError, parse_conditions
from proto.shortform import enum_short
from proto.v1 import agent_pb2
from proto.v1 import tool_pb2 as pb

Value = int | bool | str

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ns|us|ms|s|m|h)")
# A terminal's device below /dev; not /dev/tty, which is another one for every process.
_TERMINAL = re.compile(r"pts/(?:0|[1-9][0-9]{0,6})|(?:tty|hvc|sclp|xvc)[A-Za-z]*[0-9]{1,4}|console")
_NANOSECONDS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_BOOLEANS = {"true": True, "yes": True, "1": True, "on": True, "false": False, "no": False, "0": False, "off": False}
_TRACEPOINT = re.compile(r"\w+:\w+", re.ASCII)
_FIELD = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_TEXT_MAX = 4096
ROW_KINDS = (pb.KIND_EVENTS, pb.KIND_BYTES)  # rows go through a ring; the other kinds add up in a map
COMM_MAX = 15
BUFFER_MIN, BUFFER_DEFAULT, BUFFER_MAX = 64 << 10, 32 << 20, 1 << 30
NAME_MAX = 1024
EXCLUSIONS_MAX = 64
_MEANINGS = {"container": "cgroup", "pod": "cgroup", "unit": "cgroup", "follow": "pid"}


class ParamError(ValueError):
    """A parameter, filter or limit cannot be used. ``name`` is the field, ``message`` one line saying what to do."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name
        self.message = message


def parse_params(tool: pb.Tool, texts: Mapping[str, str]) -> dict[str, Value]:
    """Text forms to values with defaults: durations are ns, enums their choice. One without value is left out.

    Raises ParamError for an unknown name, a missing required value or a value that does not fit.
    """
    known = {param.name: param for param in tool.params}
    for name in texts:
        if name not in known:
            raise ParamError(name, f"{tool.name} has no such parameter; {_nearest(name, known)}")
    values: dict[str, Value] = {}
    for name, param in known.items():
        text = texts.get(name, "") or param.default
        if text:
            values[name] = parse_value(param, text)
        elif param.required:
            raise ParamError(name, f"must be given: {param.help}")
    return values


def parse_value(param: pb.Param, text: str) -> Value:
    """Raises ParamError."""
    if len(text) > _TEXT_MAX or any(ord(char) < 32 for char in text):
        raise ParamError(param.name, f"must be printable text of at most {_TEXT_MAX} characters")
    return _PARSERS[param.type](param, text)


def parse_filters(tool: pb.Tool, filters: agent_pb2.Filters) -> None:
    """Refuse a filter that would mean nothing for this tool, or that no task can pass. Raises ParamError."""
    for name, value in _filter_values(filters):
        _check_allowed(tool, name)
        _check_filter(name, value)
    if filters.follow and not filters.HasField("pid"):
        raise ParamError("follow", "follows the children of a process; say which with pid")
    for kind in filters.exclude.DESCRIPTOR.fields:
        values = getattr(filters.exclude, kind.name)
        if len(values) > EXCLUSIONS_MAX:
            raise ParamError(kind.name, f"at most {EXCLUSIONS_MAX} can be excluded, not {len(values)}")
        if filters.HasField(kind.name) and getattr(filters, kind.name) in values:
            raise ParamError(kind.name, f"{getattr(filters, kind.name)!r} is both asked for and excluded")


def filter_meaning(name: str) -> str:
    """The filter of the manifest's list that allows this one: who can tell control groups apart knows containers."""
    return _MEANINGS.get(name, name)


def _filter_values(filters: agent_pb2.Filters) -> Iterator[tuple[str, int | str]]:
    for field, value in filters.ListFields():
        if field.name == "exclude":
            for excluded, values in filters.exclude.ListFields():
                yield from ((excluded.name, item) for item in values)
        else:
            yield field.name, value


def _check_allowed(tool: pb.Tool, name: str) -> None:
    allowed = [enum_short(pb.Filter.DESCRIPTOR, number) for number in tool.filters]
    if filter_meaning(name) not in allowed:
        raise ParamError(name, _filter_refusal(tool, name, allowed))


def _check_filter(name: str, value: int | str) -> None:
    if name == "comm" and not 0 < len(str(value).encode()) <= COMM_MAX:
        raise ParamError("comm", f"a program name has 1 to {COMM_MAX} bytes; the kernel cuts longer ones")
    if name in ("pid", "tid", "ppid") and value == 0:
        raise ParamError(name, "0 is no process; give the number that ps shows")
    if isinstance(value, str) and not 0 < len(value) <= NAME_MAX:
        raise ParamError(name, f"a name has 1 to {NAME_MAX} characters")


def parse_limits(tool: pb.Tool, limits: agent_pb2.RunLimits) -> agent_pb2.RunLimits:
    """Defaults filled in where nothing (0) was asked for. Raises ParamError above the manifest's maxima."""
    bounds = tool.limits
    return agent_pb2.RunLimits(
        duration_ms=_bounded("duration", limits.duration_ms, bounds.duration_seconds, 1000, "ms"),
        rows=_bounded("rows", limits.rows, bounds.rows, 1, "rows"),
        bytes=_bounded("bytes", limits.bytes, bounds.bytes, 1, "bytes"),
        events_per_second=_bounded(
            "events_per_second", limits.events_per_second, bounds.events_per_second, 1, "events/s"
        ),
        budget_permille=_bounded("budget", limits.budget_permille, bounds.budget_permille, 1, "permille"),
        buffer_bytes=_buffer(tool, limits.buffer_bytes),
    )


def parse_duration(text: str) -> int:
    """``"500ms"``, ``"10s"``, ``"1.5m"`` in nanoseconds. Raises ValueError."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no duration; write a number and ns, us, ms, s, m or h, like 500ms")
    return round(float(match.group(1)) * _NANOSECONDS[match.group(2)])


def _nearest(name: str, known: Mapping[str, object]) -> str:
    close = difflib.get_close_matches(name, known, 1)
    if close:
        return f"did you mean {close[0]}?"
    return f"it has {', '.join(known)}" if known else "it has none"


def _buffer(tool: pb.Tool, asked: int) -> int:
    """The next power of two, as the kernel wants it."""
    if not asked:
        return 0
    if not any(stream.kind in ROW_KINDS for stream in tool.streams):
        raise ParamError("buffer", f"{tool.name} adds up in the kernel and has no buffer; leave it out")
    if not BUFFER_MIN <= asked <= BUFFER_MAX:
        raise ParamError("buffer", f"{asked} bytes is outside {BUFFER_MIN} (64 KiB) to {BUFFER_MAX} (1 GiB)")
    return 1 << (asked - 1).bit_length()


def _bounded(name: str, asked: int, bound: pb.Bound, scale: int, unit: str) -> int:
    maximum = bound.max * scale
    if maximum and asked > maximum:
        raise ParamError(name, f"{asked} {unit} is over this tool's maximum of {maximum} {unit}; ask for less")
    return int(asked or bound.default * scale)


def _filter_refusal(tool: pb.Tool, name: str, allowed: list[str]) -> str:
    if tool.task == pb.TASK_MEANING_NONE:
        return f"{tool.name} sees no task of its own, so a filter by {name} would mean nothing; leave it out"
    why = f": {tool.no_filter}" if tool.no_filter else ""
    return f"{tool.name} cannot filter by {name}{why}; it can by {', '.join(allowed) or 'nothing'}"


def _in_range(param: pb.Param, number: int, text: str) -> int:
    if (param.min or param.max) and not param.min <= number <= param.max:
        raise ParamError(param.name, f"{text} is outside {param.min} to {param.max}{param.unit and ' ' + param.unit}")
    return number


def _int(param: pb.Param, text: str) -> Value:
    try:
        number = int(text, 10)
    except ValueError:
        raise ParamError(param.name, f"{text!r} is no whole number") from None
    if abs(number) >= 2**63:
        raise ParamError(param.name, f"{text} does not fit in 64 bits")
    return _in_range(param, number, text)


def _bool(param: pb.Param, text: str) -> Value:
    value = _BOOLEANS.get(text.lower())
    if value is None:
        raise ParamError(param.name, f"{text!r} is neither true nor false")
    return value


def _enum(param: pb.Param, text: str) -> Value:
    if text not in param.choices:
        raise ParamError(param.name, f"{text!r} is not one of {', '.join(param.choices)}")
    return text


def _duration(param: pb.Param, text: str) -> Value:
    try:
        return _in_range(param, parse_duration(text), text)
    except ParamError:
        raise
    except ValueError as error:
        raise ParamError(param.name, str(error)) from None


def split_function(text: str) -> tuple[str, str]:
    """Library and pattern of ``LIB:pattern``: the first colon parts them, for C++ names are full of colons."""
    library, _, pattern = text.partition(":")
    return library, pattern


def _function(param: pb.Param, text: str) -> Value:
    if not all(split_function(text)):
        raise ParamError(param.name, f"{text!r} must be LIB:pattern, like c:malloc or /usr/bin/app:do_*")
    return text


def _usdt(param: pb.Param, text: str) -> Value:
    library, _, probe = text.partition(":")
    provider, _, name = probe.partition(":")
    if not (library and provider and name):
        raise ParamError(param.name, f"{text!r} must be LIB:provider:probe, like /usr/bin/python3:python:gc__*")
    return text


def _arguments(param: pb.Param, text: str) -> Value:
    try:
        if param.max == 1:
            parse_returned(text)
        else:
            parse_arguments(text)
    except ArgumentError as error:
        raise ParamError(param.name, str(error)) from None
    return text


def _path(param: pb.Param, text: str) -> Value:
    if not text.startswith("/"):
        raise ParamError(param.name, f"{text!r} must be an absolute path")
    return text


def _tracepoint(param: pb.Param, text: str) -> Value:
    if not _TRACEPOINT.fullmatch(text):
        raise ParamError(param.name, f"{text!r} must be category:event, like sched:sched_process_exec")
    return text


def _fields(param: pb.Param, text: str) -> Value:
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if not _FIELD.fullmatch(name):
            raise ParamError(param.name, f"{name!r} is no name of a field; write names separated by commas")
    return ",".join(names)


def _conditions(param: pb.Param, text: str) -> Value:
    try:
        parse_conditions(text)
    except ConditionError as error:
        raise ParamError(param.name, str(error)) from None
    return text


def _terminal(param: pb.Param, text: str) -> Value:
    name = text.removeprefix("/dev/")
    if not _TERMINAL.fullmatch(name):
        raise ParamError(param.name, f"{text!r} must be a terminal as the command tty names it, like pts/3 or tty1")
    return name


_PARSERS: dict[int, Callable[[pb.Param, str], Value]] = {
    pb.PARAM_TYPE_INT: _int,
    pb.PARAM_TYPE_BOOL: _bool,
    pb.PARAM_TYPE_ENUM: _enum,
    pb.PARAM_TYPE_DURATION: _duration,
    pb.PARAM_TYPE_FUNCTION: _function,
    pb.PARAM_TYPE_PATH: _path,
    pb.PARAM_TYPE_TRACEPOINT: _tracepoint,
    pb.PARAM_TYPE_ARGUMENTS: _arguments,
    pb.PARAM_TYPE_USDT: _usdt,
    pb.PARAM_TYPE_FIELDS: _fields,
    pb.PARAM_TYPE_CONDITIONS: _conditions,
    pb.PARAM_TYPE_TERMINAL: _terminal,
}

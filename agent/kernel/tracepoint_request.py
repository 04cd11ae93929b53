"""What a person asked of a tracepoint, checked against what this kernel has: its fields, strings and conditions, and
how much a session of it may reveal. Standard library and protobuf only: the warden decides by it before anything is
loaded.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from agent.kernel import field_columns
from agent.kernel.tracepoints import Field, Tracepoint, TracepointError, read_tracepoint
from bpf.conditions import Condition, ConditionError, parse_conditions
from bpf.dynamic import Place
from bpf.params import Value
from proto.v1 import tool_pb2 as pb

LOCATED_MAX = 16
STRINGS_MAX = 4
_SYSCALLS = "syscalls"
_TEXT_OPERATORS = ("==", "!=", "^=")


@dataclass(frozen=True, slots=True)
class FieldCondition:
    """``value``: what the field is compared with: a number, or the bytes of a text."""

    field: Field
    op: str
    value: int | bytes
    followed: bool = False  # the text is at the address that the field holds


@dataclass(frozen=True, slots=True)
class TracepointRequest:
    """``strings``: fields of ``fields`` or not, whose user-space strings are read too."""

    tracepoint: Tracepoint
    fields: tuple[Field, ...]
    strings: tuple[Field, ...]
    conditions: tuple[FieldCondition, ...]

    @property
    def category(self) -> str:
        return self.tracepoint.target.partition(":")[0]

    def risk(self) -> pb.Risk:
        """The highest of what it shows and of what it compares with, for an answer to that gives a value away too."""
        return max([pb.RISK_S1, *(risk for risk, _ in self._risks())])

    def why(self) -> str:
        """Names the fields that make the risk what it is."""
        highest = self.risk()
        return ", ".join(dict.fromkeys(name for risk, name in self._risks() if risk == highest))

    def _risks(self) -> list[tuple[pb.Risk, str]]:
        used = [*self.fields, *(condition.field for condition in self.conditions)]
        own = [(field_columns.field_risk(field, self.category), field.name) for field in used]
        return own + [(pb.RISK_S3, f"the string of {field.name}") for field in self.strings]


def tracepoint_request(values: Mapping[str, Value]) -> TracepointRequest:
    """From the values of the parameters. Raises TracepointError."""
    tracepoint = read_tracepoint(str(values["tracepoint"]))
    usable = usable_fields(tracepoint)
    known = {field.name: field for field in usable}
    wanted = _named(tracepoint, known, values.get("fields")) or list(usable)
    strings = _named(tracepoint, known, values.get("strings"))
    _check_strings(tracepoint, strings)
    located = [field.name for field in wanted if field.place is not Place.HERE]
    if len(located) > LOCATED_MAX:
        raise TracepointError(
            f"{len(located)} fields of any length are too many, at most {LOCATED_MAX}: choose with `fields`"
        )
    ordered = tuple(field for field in usable if field in wanted)
    conditions = tuple(_condition(tracepoint, known, strings, found) for found in _conditions(values))
    return TracepointRequest(tracepoint, ordered, tuple(strings), conditions)


def usable_fields(tracepoint: Tracepoint) -> tuple[Field, ...]:
    """Texts that the kernel adds to the records of its own trace of system calls never reach BPF."""
    located = not tracepoint.target.startswith(f"{_SYSCALLS}:")
    return tuple(field for field in tracepoint.fields if located or field.place is Place.HERE)


def _named(tracepoint: Tracepoint, known: Mapping[str, Field], names: Value | None) -> list[Field]:
    return [_field(tracepoint, known, name) for name in str(names or "").split(",") if name]


def _field(tracepoint: Tracepoint, known: Mapping[str, Field], name: str) -> Field:
    if name in known:
        return known[name]
    close = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean {close[0]}? It has" if close else "it has"
    raise TracepointError(f"{tracepoint.target} has no field {name}; {hint} {', '.join(known) or 'none'}")


def _check_strings(tracepoint: Tracepoint, strings: Iterable[Field]) -> None:
    fields = list(strings)
    if not fields:
        return
    if not tracepoint.target.startswith(f"{_SYSCALLS}:sys_enter_"):
        raise TracepointError(
            f"{tracepoint.target} has no strings of user space to read; only tracepoints syscalls:sys_enter_* have"
        )
    for field in fields:
        if not field_columns.is_pointer(field):
            raise TracepointError(f"{field.name} of {tracepoint.target} is {field.c_type}, no pointer to a string")
    if len(fields) > STRINGS_MAX:
        raise TracepointError(f"{len(fields)} strings are too many; at most {STRINGS_MAX} can be read")


def _conditions(values: Mapping[str, Value]) -> list[Condition]:
    try:
        return parse_conditions(str(values.get("where", "")))
    except ConditionError as error:
        raise TracepointError(str(error)) from error


def _condition(
    tracepoint: Tracepoint, known: Mapping[str, Field], strings: Iterable[Field], asked: Condition
) -> FieldCondition:
    field = _field(tracepoint, known, asked.field)
    if isinstance(asked.value, bytes):
        followed = field in strings
        _check_text(field, asked, asked.value, followed=followed)
        return FieldCondition(field, asked.op, asked.value, followed)
    if not field_columns.is_number(field):
        raise TracepointError(
            f'{field.name} is {_kind(field)}: compare it with a text in quotes, like {field.name} == "name"'
        )
    if asked.op == "^=":
        raise TracepointError(f"{field.name} is a number: ^= (begins with) is for texts")
    value = _symbol(field, asked.value) if isinstance(asked.value, str) else asked.value
    _check_range(field, value, tracepoint)
    return FieldCondition(field, asked.op, value)


def _check_text(field: Field, asked: Condition, value: bytes, *, followed: bool) -> None:
    if not followed and not field_columns.is_text(field):
        also = "; name it in `strings` to read the string there" if field_columns.is_pointer(field) else ""
        raise TracepointError(f"{field.name} is {_kind(field)}: compare it with a number{also}")
    if asked.op not in _TEXT_OPERATORS:
        raise TracepointError(
            f"{field.name} is a text: it can be compared by {', '.join(_TEXT_OPERATORS)}, not by {asked.op}"
        )
    if field.place is Place.HERE and not followed and len(value) > field.size:
        raise TracepointError(f"{field.name} holds at most {field.size} bytes, the text has {len(value)}")


def _check_range(field: Field, value: int, tracepoint: Tracepoint) -> None:
    size, signed = field_columns.number_shape(field, tracepoint.target.partition(":")[0])
    low, high = (-(1 << size * 8 - 1), (1 << size * 8 - 1) - 1) if signed else (0, (1 << size * 8) - 1)
    if not low <= value <= high:
        raise TracepointError(f"{field.name} is a number from {low} to {high}: {value} is none that it can have")


def _symbol(field: Field, name: str) -> int:
    names = {text: value for value, text in field.symbols.names}
    if name in names:
        return names[name]
    known = f"its values have the names {', '.join(names)}" if names else "compare it with a number"
    raise TracepointError(f"{field.name} has no value called {name}; {known}")


def _kind(field: Field) -> str:
    if field_columns.is_number(field):
        return f"a number ({field.c_type})"
    return "a text" if field_columns.is_text(field) else "neither number nor text"

"""Conditions on single columns, with the meaning that the column's type and unit give to a value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from proto.text import unescape
from proto.v1 import tool_pb2
from proto.v1.stream_pb2 import StreamSchema
from server.errors import Invalid

Operator = Literal["eq", "ne", "lt", "le", "gt", "ge", "in", "contains", "prefix", "has", "bits"]
Value = int | str | Sequence[int | str]

_COMPARE = {"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_SQL_TYPES: dict[int, str] = {
    tool_pb2.CTYPE_U8: "UTINYINT",
    tool_pb2.CTYPE_U16: "USMALLINT",
    tool_pb2.CTYPE_U32: "UINTEGER",
    tool_pb2.CTYPE_U64: "UBIGINT",
    tool_pb2.CTYPE_S32: "INTEGER",
    tool_pb2.CTYPE_S64: "BIGINT",
    tool_pb2.CTYPE_CHAR: "BLOB",
    tool_pb2.CTYPE_STRING: "BLOB",
    tool_pb2.CTYPE_NAME: "VARCHAR",
    tool_pb2.CTYPE_STACK: "VARCHAR[]",
}
_TEXT = frozenset({"BLOB", "VARCHAR", "VARCHAR[]"})


@dataclass(frozen=True, slots=True)
class Target:
    """A column of the answer or of the rows."""

    name: str
    sql_type: str
    unit: int = tool_pb2.UNIT_NONE

    @property
    def is_number(self) -> bool:
        return self.sql_type not in _TEXT

    @property
    def is_time(self) -> bool:
        return self.unit == tool_pb2.UNIT_BOOT_TIME

    @property
    def is_argv(self) -> bool:
        return self.unit == tool_pb2.UNIT_ARGV


def targets(stream: StreamSchema) -> dict[str, Target]:
    """What can be asked for. ``row`` counts the rows of a run in the order in which they were stored."""
    own = [Target(column.name, _SQL_TYPES[column.type], column.unit) for column in stream.columns]
    return {target.name: target for target in (Target("host", "VARCHAR"), *own, Target("row", "UBIGINT"))}


@dataclass(frozen=True, slots=True)
class Held:
    """What a column is held against. ``negated``: what does not agree passes."""

    op: Operator
    value: Value
    negated: bool = False


def condition(target: Target, held: Held, host: str, shift: int, stored: str | None = "") -> tuple[str, list[Any]]:
    """SQL on the stored columns of one host's run, and its values. ``stored``: what the run calls the column, by
    default the same; None, so that no condition on it holds, where it has none. Raises Invalid.
    """
    op, value = held.op, held.value
    values = [value] if isinstance(value, int | str) else list(value)
    if (op == "in") == isinstance(value, int | str):
        raise Invalid(
            f"{target.name}: the operator in takes a list, every other one takes a single value", field="filters"
        )
    if target.name == "host":
        return ("true" if _host_matches(host, op, [str(one) for one in values]) != held.negated else "false"), []
    name = "_row" if target.name == "row" else '"' + (stored or target.name).replace('"', '""') + '"'
    sql, bound = _on_column(target, name, op, values, shift)
    if stored is None:
        return "false", []
    return (f"NOT ({sql})" if held.negated else sql), bound


def _on_column(
    target: Target, name: str, op: Operator, values: Sequence[int | str], shift: int
) -> tuple[str, list[Any]]:
    if target.is_number and op == "has":
        return f"contains({name}::VARCHAR, ?)", [str(values[0])]
    if target.is_number:
        return _number(target, name, op, [_integer(target, one) - (shift if target.is_time else 0) for one in values])
    if target.sql_type == "BLOB":
        return _bytes(target, name, op, [_raw(target, one) for one in values])
    return _text(target, name, op, [str(one) for one in values])


def _number(target: Target, name: str, op: Operator, values: list[int]) -> tuple[str, list[Any]]:
    if op == "in":
        return f"{name} IN ({', '.join('?' for _ in values)})" if values else "false", list(values)
    if op == "bits":
        return f"{name}::HUGEINT & ?::HUGEINT = ?::HUGEINT", values * 2
    if op not in _COMPARE:
        raise Invalid(f"{target.name} is a number: it has no {op}", field="filters")
    return f"{name} {_COMPARE[op]} ?", list(values)


def _bytes(target: Target, name: str, op: Operator, values: list[bytes]) -> tuple[str, list[Any]]:
    if op == "bits":
        raise Invalid(f"{target.name} is text: it has no bits", field="filters")
    if target.is_argv or op in ("contains", "prefix", "has"):
        patterns = [_pattern(target, op, value) for value in values]
        sql = " OR ".join(f"regexp_matches(hex({name}), ?)" for _ in patterns) or "false"
        return f"NOT ({sql})" if op == "ne" else f"({sql})", list(patterns)
    if op == "in":
        return f"{name} IN ({', '.join('?::BLOB' for _ in values)})" if values else "false", list(values)
    return f"{name} {_COMPARE[op]} ?::BLOB", list(values)


def _pattern(target: Target, op: Operator, value: bytes) -> str:
    """A regular expression over the bytes as hex: DuckDB finds nothing inside binary values."""
    if op not in ("eq", "ne", "in", "contains", "prefix", "has"):
        raise Invalid(f"{target.name} has no order; use eq, ne, in, contains, prefix or has", field="filters")
    digits = "".join(_digits(byte, any_case=op == "has", argv=target.is_argv) for byte in value)
    return {"contains": f"^(..)*{digits}", "has": f"^(..)*{digits}", "prefix": f"^{digits}"}.get(op, f"^{digits}(00)?$")


def _digits(byte: int, *, any_case: bool, argv: bool) -> str:
    # Arguments are shown joined by spaces and stored separated by NUL.
    if argv and byte == 0x20:
        return "(20|00)"
    if any_case and bytes([byte]).isalpha():
        return f"({byte & 0xDF:02X}|{byte | 0x20:02X})"
    return f"{byte:02X}"


def _text(target: Target, name: str, op: Operator, values: list[str]) -> tuple[str, list[Any]]:
    if target.sql_type == "VARCHAR[]":
        if op not in ("contains", "has"):
            raise Invalid(f"{target.name} holds stacks: only contains and has can be asked", field="filters")
        name = f"array_to_string({name}, chr(10))"
    if op == "has":
        return f"regexp_matches({name}, ?)", [f"(?i){_literally(values[0])}"]
    if op == "bits":
        raise Invalid(f"{target.name} is text: it has no bits", field="filters")
    if op == "in":
        return f"{name} IN ({', '.join('?' for _ in values)})" if values else "false", list(values)
    if op in ("contains", "prefix"):
        return f"{'contains' if op == 'contains' else 'starts_with'}({name}, ?)", list(values)
    return f"{name} {_COMPARE[op]} ?", list(values)


def _literally(text: str) -> str:
    """A regular expression for just this text; only letters of ASCII are found in the other case too, as in bytes."""
    return "".join(char if char.isascii() and char.isalnum() else f"\\x{{{ord(char):x}}}" for char in text)


def _host_matches(host: str, op: Operator, values: list[str]) -> bool:
    if op == "in":
        return host in values
    checks: dict[str, Callable[[str], bool]] = {
        "eq": lambda value: host == value,
        "ne": lambda value: host != value,
        "contains": lambda value: value in host,
        "prefix": host.startswith,
        "has": lambda value: value.lower() in host.lower(),
    }
    if op not in checks:
        raise Invalid("host has no order; use eq, ne, in, contains, prefix or has", field="filters")
    return checks[op](values[0])


def _integer(target: Target, value: int | str) -> int:
    try:
        number = int(value)
    except ValueError:
        raise Invalid(f"{target.name} is a number, {value!r} is none", field="filters") from None
    if not -(2**63) <= number < 2**64:
        raise Invalid(f"{value} does not fit into {target.name}", field="filters")
    return number


def _raw(target: Target, value: int | str) -> bytes:
    try:
        return unescape(str(value))
    except ValueError as error:
        raise Invalid(f"{target.name}: {error}", field="filters") from None

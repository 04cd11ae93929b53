from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proto.text import escape
from proto.v1 import tool_pb2 as pb
from server.errors import Invalid
from server.tracing.predicates import Operator, Target, Value, condition, targets
from tests.server.tracing.rows import EVENTS, STACKS

PATH = Target("path", "BLOB", pb.UNIT_FILE_PATH)
ARGV = Target("argv", "BLOB", pb.UNIT_ARGV)
NAME = Target("function", "VARCHAR", pb.UNIT_FUNCTION)
STACK = Target("stack", "VARCHAR[]")
PID = Target("pid", "UINTEGER", pb.UNIT_PID)


def holds(target: Target, stored: object, op: Operator, value: Value) -> bool:
    sql, values = condition(target, op, value, "db-1", 0)
    cast = f"?::{target.sql_type}"
    (row,) = duckdb.execute(f'SELECT {sql} FROM (SELECT {cast} AS "{target.name}")', [*values, stored]).fetchall()
    return bool(row[0])


@settings(deadline=None)
@given(stored=st.binary(max_size=8), part=st.binary(max_size=3))
def test_searching_in_bytes_is_searching_in_bytes(stored: bytes, part: bytes) -> None:
    assert holds(PATH, stored, "contains", escape(part)) == (part in stored)
    assert holds(PATH, stored, "prefix", escape(part)) == stored.startswith(part)
    assert holds(PATH, stored, "eq", escape(part)) == (stored == part)
    assert holds(PATH, stored, "lt", escape(part)) == (stored < part)


def test_no_match_across_half_bytes() -> None:
    assert not holds(PATH, b"\x16\x12", "contains", "a"), "61 stands in 1612, but no byte is 0x61"


@pytest.mark.parametrize("op", ["eq", "contains", "prefix", "in"])
def test_arguments_match_as_they_are_shown(op: Operator) -> None:
    value: Value = ["ls -l /tmp"] if op == "in" else "ls -l /tmp"
    for stored in (b"ls\0-l\0/tmp\0", b"ls\0-l\0/tmp", b"ls -l /tmp"):
        assert holds(ARGV, stored, op, value)
    assert not holds(ARGV, b"xls\0-l\0/tmp", "eq", "ls -l /tmp")
    assert holds(ARGV, b"xls\0-l\0/tmp", "ne", "ls -l /tmp")


def test_stacks_are_searched_frame_by_frame() -> None:
    assert holds(STACK, ["main", "work"], "contains", "wor")
    assert not holds(STACK, ["main", "work"], "contains", "nwo")
    with pytest.raises(Invalid, match="only contains"):
        condition(STACK, "eq", "main", "", 0)


def test_names_compare_as_text() -> None:
    assert holds(NAME, "vfs_read", "prefix", "vfs")
    assert holds(NAME, "vfs_read", "in", ["x", "vfs_read"])
    assert not holds(NAME, "vfs_read", "in", [])


def test_numbers_may_be_written_as_text() -> None:
    assert holds(PID, 42, "eq", "42")
    assert holds(PID, 42, "in", [1, "42"])
    assert not holds(PID, 42, "in", [])
    assert holds(PID, 42, "gt", -5)


@pytest.mark.parametrize(
    ("op", "value", "matches"),
    [
        ("eq", "db-1", True),
        ("ne", "db-1", False),
        ("prefix", "db", True),
        ("contains", "x", False),
        ("in", ["x"], False),
    ],
)
def test_the_host_is_known_without_looking(op: Operator, value: Value, matches: bool) -> None:
    found = condition(Target("host", "VARCHAR"), op, value, "db-1", 0)
    assert found == ("true" if matches else "false", [])


@pytest.mark.parametrize(
    ("target", "op", "value", "message"),
    [
        (PID, "eq", "four", "pid is a number, 'four' is none"),
        (PID, "eq", 2**70, "does not fit"),
        (PID, "contains", 4, "it has no contains"),
        (PID, "in", 4, "in takes a list"),
        (PID, "eq", [4], "in takes a list"),
        (PATH, "eq", "\\", "stray backslash"),
        (ARGV, "lt", "ls", "argv has no order"),
        (Target("host", "VARCHAR"), "lt", "a", "host has no order"),
    ],
)
def test_what_has_no_meaning_is_refused(target: Target, op: Operator, value: Value, message: str) -> None:
    with pytest.raises(Invalid, match=message):
        condition(target, op, value, "db-1", 0)


def test_every_type_of_column_can_be_asked_for() -> None:
    assert list(targets(EVENTS)) == ["host", "time", "pid", "comm", "fd", "latency", "path", "row"]
    assert targets(STACKS)["stack"].sql_type == "VARCHAR[]"

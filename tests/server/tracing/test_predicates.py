from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proto.text import escape
from proto.v1 import tool_pb2 as pb
from server.errors import Invalid
from server.tracing.predicates import Held, Operator, Target, Value, condition, targets
from tests.server.tracing.rows import EVENTS, STACKS

PATH = Target("path", "BLOB", pb.UNIT_FILE_PATH)
ARGV = Target("argv", "BLOB", pb.UNIT_ARGV)
NAME = Target("function", "VARCHAR", pb.UNIT_FUNCTION)
STACK = Target("stack", "VARCHAR[]")
PID = Target("pid", "UINTEGER", pb.UNIT_PID)


def holds(target: Target, stored: object, op: Operator, value: Value, *, negated: bool = False) -> bool:
    sql, values = condition(target, Held(op, value, negated), "db-1", 0)
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
    with pytest.raises(Invalid, match="only contains and has"):
        condition(STACK, Held("eq", "main"), "", 0)


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
    found = condition(Target("host", "VARCHAR"), Held(op, value), "db-1", 0)
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
        condition(target, Held(op, value), "db-1", 0)


def test_every_type_of_column_can_be_asked_for() -> None:
    assert list(targets(EVENTS)) == ["host", "time", "pid", "comm", "fd", "latency", "path", "row"]
    assert targets(STACKS)["stack"].sql_type == "VARCHAR[]"


@settings(deadline=None)
@given(stored=st.binary(max_size=8), part=st.binary(max_size=3))
def test_has_finds_letters_of_ascii_in_any_case(stored: bytes, part: bytes) -> None:
    found = part.lower() in stored.lower()  # of bytes: letters of ASCII alone
    assert holds(PATH, stored, "has", escape(part)) == found
    assert holds(PATH, stored, "has", escape(part), negated=True) != found


def test_has_looks_into_names_frames_and_digits() -> None:
    assert holds(NAME, "Vfs_Read(int)", "has", "vfs_read(")
    assert not holds(NAME, "vfs_read", "has", "vfs.read"), "a dot is a dot"
    assert holds(STACK, ["Main", "work"], "has", "main")
    assert holds(PID, 4711, "has", "71")
    assert not holds(PID, 4711, "has", "17")


def test_bits_are_all_set() -> None:
    assert holds(PID, 0b1101, "bits", 0b101)
    assert not holds(PID, 0b1001, "bits", 0b101)
    assert holds(PID, 0b1001, "bits", 0b101, negated=True)
    for target in (PATH, NAME):
        with pytest.raises(Invalid, match="has no bits"):
            condition(target, Held("bits", 1), "db-1", 0)


def test_a_column_that_the_host_lacks_passes_nothing_and_not_its_opposite_either() -> None:
    for negated in (False, True):
        assert condition(PID, Held("eq", 1, negated), "db-1", 0, None) == ("false", [])


def test_a_host_can_be_left_out() -> None:
    host = Target("host", "VARCHAR")
    assert condition(host, Held("eq", "db-1", negated=True), "db-1", 0) == ("false", [])
    assert condition(host, Held("has", "DB"), "db-1", 0) == ("true", [])

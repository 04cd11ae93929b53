"""C structs and numpy records have no holes and agree."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpf.layout import (
    active_columns,
    is_on,
    key_members,
    row_members,
    string_column,
    struct_dtype,
    value_members,
)
from bpf.manifest import parse_manifest
from proto.v1 import tool_pb2 as pb
from tests.bpf.manifests import EVENTS, TOP, changed

FILE = Path("/catalogue/sample/tool.toml")
SCALARS = [pb.CTYPE_U8, pb.CTYPE_U16, pb.CTYPE_U32, pb.CTYPE_U64, pb.CTYPE_S32, pb.CTYPE_S64, pb.CTYPE_NAME]


@given(st.lists(st.sampled_from([*SCALARS, pb.CTYPE_CHAR]), min_size=1, max_size=12), st.booleans())
def test_any_columns_lie_aligned_and_without_holes(types: list[pb.CType], string: bool) -> None:
    columns = [pb.Column(name=f"c{i}", type=kind, size=16 * (kind == pb.CTYPE_CHAR)) for i, kind in enumerate(types)]
    columns += [pb.Column(name="text", type=pb.CTYPE_STRING, classes=[64])] if string else []
    members = row_members(columns)
    dtype = struct_dtype(members)
    assert dtype.itemsize % 8 == 0
    assert dtype.itemsize == sum(member.dtype.itemsize for member in members)
    for member in members:
        offset = dict(dtype.fields or {})[member.name][1]
        assert offset % member.align == 0
    assert (members[-1].name == "text_len") == string


def test_aggregates_split_into_key_and_value() -> None:
    stream = parse_manifest(TOP, FILE).streams[0]
    assert [member.name for member in key_members(stream.columns)] == ["comm", "pid", "fs_pad"]
    assert [member.declaration for member in value_members(stream.columns)] == ["u64 count;", "u64 total;"]


def test_a_stack_is_two_ids() -> None:
    columns = [pb.Column(name="stack", type=pb.CTYPE_STACK, role=pb.ROLE_STACK)]
    assert [member.name for member in key_members(columns)] == ["stack_kernel", "stack_user"]
    columns[0].at_entry = True
    assert [member.name for member in key_members(columns)] == ["stack_caller", "stack_kernel", "stack_user"]


def test_a_parameter_switches_a_column_on() -> None:
    tool = parse_manifest(changed(EVENTS, "stream.0.column.1.when", "failed_only"), FILE)
    names = {on: [c.name for c in active_columns(tool, tool.streams[0], {"failed_only": on})] for on in (False, True)}
    always = ["path", "cgroup", "container"]
    assert names == {False: ["time", *always], True: ["time", "pid", *always]}


@pytest.mark.parametrize(("value", "on"), [("any", False), ("read-only", True)])
def test_an_enum_switches_on_by_any_choice_but_its_first(value: str, on: bool) -> None:
    tool = parse_manifest(EVENTS, FILE)
    assert is_on("mode", tool, {"mode": value}) is on
    assert is_on("", tool, {})


def test_the_string_is_found() -> None:
    tool = parse_manifest(EVENTS, FILE)
    found = string_column(tool.streams[0].columns)
    assert found is not None
    assert found.name == "path"
    assert string_column(tool.streams[0].columns[:2]) is None

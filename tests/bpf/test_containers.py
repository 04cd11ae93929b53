"""Every stream of rows says whose container it was, without a line in the tool's manifest."""

from __future__ import annotations

from pathlib import Path

from bpf.catalog import load_catalog
from bpf.containers import COLUMN, group_column
from bpf.layout import row_members
from bpf.manifest import parse_manifest
from bpf.params import ROW_KINDS
from proto.v1 import tool_pb2 as pb
from tests.bpf.manifests import EVENTS, TOP, changed

PATH = Path("sample/tool.toml")


def test_the_container_follows_the_control_group_and_is_no_member_in_c() -> None:
    columns = parse_manifest(EVENTS, PATH).streams[0].columns
    assert [column.name for column in columns] == ["time", "pid", "path", "cgroup", COLUMN]
    container = columns[-1]
    assert (container.type, container.unit, container.hidden) == (pb.CTYPE_NAME, pb.UNIT_CONTAINER, False)
    assert COLUMN not in {member.name for member in row_members(columns)}


def test_it_is_there_when_the_group_is() -> None:
    manifest = changed(EVENTS, "stream.0.column.3.when", "failed_only")
    assert parse_manifest(manifest, PATH).streams[0].columns[-1].when == "failed_only"


def test_aggregates_have_none() -> None:
    assert COLUMN not in {column.name for column in parse_manifest(TOP, PATH).streams[0].columns}


def test_every_tool_with_rows_has_it() -> None:
    for entry in load_catalog().values():
        for stream in entry.tool.streams:
            has = [column.name for column in stream.columns].count(COLUMN)
            assert has == (stream.kind in ROW_KINDS), f"{entry.tool.name}: {stream.name}"
            assert bool(group_column(stream.columns)) == bool(has)

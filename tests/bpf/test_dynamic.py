"""The raw bytes are a column for C and for nobody else."""

from __future__ import annotations

from bpf.dynamic import RAW, dynamic_stream, with_raw, without_raw
from proto.v1 import tool_pb2 as pb


def sample() -> pb.Tool:
    tool = pb.Tool(name="sample")
    tool.streams.add(name="rows", kind=pb.KIND_EVENTS, columns=[pb.Column(name="time")], dynamic=pb.DYNAMIC_TRACEPOINT)
    return tool


def test_c_gets_the_raw_bytes_and_the_tool_stays_as_it_is() -> None:
    tool = sample()
    compiled = with_raw(tool, [64, 256])
    assert [column.name for column in compiled.streams[0].columns] == ["time", RAW]
    assert list(compiled.streams[0].columns[1].classes) == [64, 256]
    assert tool == sample()
    assert without_raw(compiled.streams[0].columns) == list(tool.streams[0].columns)


def test_a_tool_whose_manifest_knows_all_has_no_such_stream() -> None:
    assert dynamic_stream(pb.Tool(streams=[pb.Stream(name="rows")])) is None
    found = dynamic_stream(sample())
    assert found is not None
    assert found.name == "rows"

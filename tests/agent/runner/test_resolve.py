"""Columns that no manifest can know are found before anything is compiled."""

from __future__ import annotations

import pytest

from agent.runner.attach import AttachError, Request, choose_variant
from agent.runner.resolve import resolve
from agent.runner.streams import run_schema
from bpf.catalog import ROOT, load_tool
from bpf.dynamic import RAW
from proto.v1.agent_pb2 import Filters


def request(tool: str, **values: str) -> Request:
    return Request(load_tool(ROOT / tool), dict(values), Filters())


def test_a_tool_whose_manifest_knows_all_stays_as_it_is() -> None:
    plain = request("opensnoop")
    assert resolve(plain) is plain


@pytest.mark.kernel
def test_the_schema_has_the_fields_and_not_the_raw_bytes() -> None:
    resolved = resolve(request("tracepoint", tracepoint="sched:sched_process_fork"))
    assert RAW in [column.name for column in resolved.entry.tool.streams[0].columns]
    schema = run_schema(resolved, choose_variant(resolved.entry.tool, ""))
    names = [column.name for column in schema.streams[0].columns]
    assert names[:6] == ["time", "pid", "tid", "uid", "comm", "cgroup"]
    assert {"parent_pid", "child_pid", "child_comm"} < set(names)
    assert RAW not in names
    assert schema.tool_digest == load_tool(ROOT / "tracepoint").digest


@pytest.mark.kernel
def test_what_the_kernel_does_not_have_is_a_refusal() -> None:
    with pytest.raises(AttachError, match="no tracepoint sched:nothing"):
        resolve(request("tracepoint", tracepoint="sched:nothing"))

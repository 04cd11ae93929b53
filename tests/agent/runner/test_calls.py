"""Tables for the program and columns for people, from the same request."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import pytest

from agent.kernel.processes import find_process
from agent.runner.attach import AttachError, Request
from agent.runner.calls import resolve_uprobe, resolve_usdt
from agent.runner.found_targets import FoundTargets, WantedProcess
from bpf.catalog import ROOT, load_tool
from bpf.dynamic import Place
from proto.v1 import tool_pb2 as pb
from proto.v1.agent_pb2 import Filters
from tests.workloads.compiled import build, running

pytestmark = pytest.mark.kernel  # imports bcc


def request(tool: str, **values: str | bool) -> Request:
    return Request(load_tool(ROOT / tool), values, Filters())


def test_columns_follow_the_order_of_the_arguments() -> None:
    resolved = resolve_uprobe(request("uprobe", args="n:s16,name:str,_,bits:hex", ret="u8"), [])
    columns = [(field.column.name, field.column.type, field.offset, field.size) for field in resolved.fields]
    assert columns == [
        ("n", pb.CTYPE_S32, 0, 2),
        ("name", pb.CTYPE_STRING, 32, 4),
        ("name_read", pb.CTYPE_U32, 36, 4),
        ("bits", pb.CTYPE_U64, 16, 8),
        ("ret", pb.CTYPE_U8, 24, 1),
    ]
    assert [field.column.name for field in resolved.fields if field.place is Place.LOCATED] == ["name"]
    assert resolved.defines == ["FS_ARGS=4", "FS_TEXTS=1", "FS_SITES=1", "FS_AT_ENTRY=3", "FS_AT_END=1"]
    assert len(resolved.maps["fs_operands"]) == 4
    assert resolved.maps["fs_texts"] == [struct.pack("=IBBBx", 4095, 1, 255, 1)]


def test_only_what_is_read_is_secret() -> None:
    resolved = resolve_uprobe(request("uprobe", args="n:s16,name:str,data:bytes[4]"), [])
    secret = {field.column.name for field in resolved.fields if field.column.sensitivity == pb.SENSITIVITY_CONTENT}
    assert secret == {"name", "data"}


def test_slots_hold_a_small_a_middle_and_the_largest_text() -> None:
    assert list(resolve_uprobe(request("uprobe", args="s64"), []).classes) == [8]
    assert list(resolve_uprobe(request("uprobe"), []).classes) == [8]
    assert list(resolve_uprobe(request("uprobe", args="str"), []).classes) == [128, 528, 4120]
    assert list(resolve_uprobe(request("uprobe", args="bytes[20],bytes[20]"), []).classes) == [128]
    largest = resolve_uprobe(request("uprobe", args="bytes[30000],bytes[30000]"), []).classes[-1]
    assert 60_000 < largest <= 65_536


def test_nothing_of_the_end_is_read_unless_asked_for() -> None:
    assert "FS_AT_END=1" not in resolve_uprobe(request("uprobe", args="s64", latency=False), []).defines
    assert "FS_AT_END=1" in resolve_uprobe(request("uprobe", args="s64", latency=True), []).defines


def test_each_place_of_a_probe_has_its_own_operands(tmp_path: Path) -> None:
    program = build("probes.c", tmp_path)
    resolved = resolve_usdt(request("usdt", probe=f"{program}:workload:t*"), [])
    assert [function.name for function in resolved.functions] == ["workload:twice"] * 2 + ["workload:text"]
    assert all(function.counter for function in resolved.functions)
    assert [field.column.name for field in resolved.fields] == ["arg1", "arg2"]
    assert len(resolved.maps["fs_operands"]) == 3 * 2
    assert {"FS_SITES=3", "FS_ARGS=2"} < set(resolved.defines)


class InContainers(FoundTargets):
    """Targets that lead to these processes."""

    def pids(self, filters: Filters) -> list[int]:
        return [found.process.pid for found in self.processes]


def test_containers_that_share_a_file_have_its_places_once(tmp_path: Path) -> None:
    program = build("probes.c", tmp_path)
    with running(program, 1) as first, running(program, 1) as second:
        both = [WantedProcess("pid", find_process(work.pid), excluded=False) for work in (first, second)]
        asked = replace(request("usdt", probe="*:workload:guarded"), targets=InContainers(both))
        assert len(resolve_usdt(asked, []).functions) == 1


def test_a_name_that_another_column_has_is_refused() -> None:
    with pytest.raises(AttachError, match="every row has a function of its own"):
        resolve_uprobe(request("uprobe", args="function:s64"), ["time", "function"])


def test_whether_probes_can_be_had_does_not_depend_on_a_program_that_has_some() -> None:
    resolved = resolve_usdt(replace(request("usdt", probe="c:any:probe"), trial=True), [])
    assert [function.name for function in resolved.functions] == ["getppid"]
    assert list(resolved.fields) == []

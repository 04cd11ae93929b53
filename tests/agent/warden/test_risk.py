"""The host judges what a session reveals; what it cannot judge, it takes for the worst."""

from __future__ import annotations

import pytest

from agent.warden.admission import admit
from agent.warden.envelope import Refused
from agent.warden.policy import Policy
from agent.warden.risk import session_risk
from bpf.catalog import ROOT, load_tool
from proto.v1 import tool_pb2 as pb
from tests.agent.support.commands import envelope

TRACEPOINT = load_tool(ROOT / "tracepoint")
DEFAULT = Policy()


def start(**params: str) -> str:
    """What the host says; empty: it starts."""
    asked = envelope("host", params=params)
    asked.tool, asked.tool_digest = "tracepoint", TRACEPOINT.digest
    try:
        admit(asked, {"tracepoint": TRACEPOINT}, DEFAULT)
    except Refused as refusal:
        return str(refusal)
    return ""


def test_a_plain_tool_is_what_its_manifest_says() -> None:
    assert session_risk(load_tool(ROOT / "opensnoop").tool, {}) == (pb.RISK_S2, "")


def test_what_nobody_can_judge_is_the_highest_class() -> None:
    tool = pb.Tool(risk=pb.RISK_S1, streams=[pb.Stream(dynamic=99)])  # type: ignore[arg-type]
    assert session_risk(tool, {})[0] == pb.RISK_S3


@pytest.mark.kernel
def test_numbers_start_under_the_default_policy_and_texts_do_not() -> None:
    assert start(tracepoint="sched:sched_process_exec", fields="pid,old_pid") == ""
    assert start(tracepoint="syscalls:sys_enter_openat") == ""
    refused = "does not allow risk class S3.* or leave out what makes it so: "
    for params, why in [
        ({"tracepoint": "sched:sched_process_exec"}, "filename"),
        ({"tracepoint": "sched:sched_process_exec", "fields": "pid", "where": 'filename == "/bin/sh"'}, "filename"),
        ({"tracepoint": "syscalls:sys_enter_openat", "strings": "filename"}, "the string of filename"),
    ]:
        with pytest.raises(AssertionError, match=refused + why):
            assert start(**params) == ""


@pytest.mark.kernel
def test_what_this_host_does_not_have_is_refused_before_anything_starts() -> None:
    assert "no tracepoint sched:nothing" in start(tracepoint="sched:nothing")
    assert "has no field nothing" in start(tracepoint="sched:sched_switch", where="nothing == 1")


@pytest.mark.parametrize("name", ["uprobe", "usdt"])
def test_a_call_whose_strings_are_read_is_of_the_highest_class(name: str) -> None:
    tool = load_tool(ROOT / name).tool
    assert session_risk(tool, {"args": "n:s32,address:hex"}) == (pb.RISK_S2, "")
    assert session_risk(tool, {"args": "n:s32,name:str"}) == (pb.RISK_S3, "what name points to")
    assert session_risk(tool, {"ret": "bytes[8]"})[0] == pb.RISK_S3
    with pytest.raises(Refused, match="'float' is no type"):
        session_risk(tool, {"args": "float"})

"""The host judges what a session reveals; what it cannot judge, it takes for the worst."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.warden.admission import admit
from agent.warden.envelope import Refused
from agent.warden.policy import Policy
from agent.warden.risk import session_risk
from bpf.catalog import ROOT, CatalogTool, load_tool
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
    assert session_risk(load_tool(ROOT / "opensnoop").tool, {}, ()) == (pb.RISK_S2, "")


def test_what_nobody_can_judge_is_the_highest_class() -> None:
    tool = pb.Tool(risk=pb.RISK_S1, streams=[pb.Stream(dynamic=99)])  # type: ignore[arg-type]
    assert session_risk(tool, {}, ())[0] == pb.RISK_S3


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


UPROBE, USDT = (load_tool(ROOT / name) for name in ("uprobe", "usdt"))


def call(args: str = "", ret: str = "", *listed: str, function: str = "/opt/app:handle") -> tuple[pb.Risk, str]:
    return session_risk(UPROBE.tool, {"function": function, "args": args, "ret": ret, "latency": True}, listed)


def test_calls_that_are_only_seen_and_timed_are_of_the_tools_own_class() -> None:
    assert call() == call("_,_") == (pb.RISK_S2, "")
    assert session_risk(USDT.tool, {"probe": "/opt/app:a:b", "args": "_"}, ()) == (pb.RISK_S2, "")


def test_numbers_are_of_the_highest_class_for_a_key_that_somebody_types_is_one() -> None:
    why = "the numbers of {}, which its owner can let anybody read by `numbers.allow`"
    assert call("n:s32,address:hex", "s64") == (pb.RISK_S3, why.format("n, address, ret"))
    assert call(ret="c:s32", function="/bin/bash:rl_read_key") == (pb.RISK_S3, why.format("c"))
    probe = {"probe": "/opt/app:a:b"}
    assert session_risk(USDT.tool, probe, ()) == (pb.RISK_S3, why.format("all arguments (args=_ shows none)"))
    assert session_risk(USDT.tool, {**probe, "args": "n:s32"}, ()) == (pb.RISK_S3, why.format("n"))


def test_numbers_of_what_the_owner_has_listed_are_not_and_strings_are_all_the_same() -> None:
    assert call("n:s32", "", "/opt/app:handle") == call("n:s32", "s32", "/opt/*:h*") == (pb.RISK_S2, "")
    assert call("n:s32", "", "/opt/other:*")[0] == call("n:s32", "", "/opt/app:run")[0] == pb.RISK_S3
    assert call("n:s32,name:str", "", "/opt/app:*") == (pb.RISK_S3, "what name points to")
    assert call(ret="bytes[8]")[0] == pb.RISK_S3
    listed = session_risk(USDT.tool, {"probe": "/opt/app:a:b"}, ["/opt/app:a:*"])
    assert listed == (pb.RISK_S2, "")


def test_another_program_under_a_listed_name_is_not_listed(tmp_path: Path) -> None:
    """Who may write to a listed folder shall not have the whole host's programs read by a link there."""
    (tmp_path / "app").symlink_to("/usr/bin/env")
    entry = f"{tmp_path}/*:*"
    risk, why = call("n:s32", "", entry, function=f"{tmp_path}/app:main")
    assert risk == pb.RISK_S3
    assert why.endswith(f"{tmp_path}/app is another name of /usr/bin/env here: give that, if it is listed")
    (tmp_path / "app").unlink()
    (tmp_path / "app").write_text("")
    assert call("n:s32", "", entry, function=f"{tmp_path}/app:main") == (pb.RISK_S2, "")


@pytest.mark.parametrize("tool", [UPROBE, USDT], ids=["uprobe", "usdt"])
def test_what_cannot_be_read_is_refused(tool: CatalogTool) -> None:
    with pytest.raises(Refused, match="'float' is no type"):
        session_risk(tool.tool, {"args": "float"}, ())


def admitted(stated: int, policy: Policy, args: str = "n:s32") -> str:
    asked = envelope("host", params={"function": "/opt/app:handle", "args": args})
    asked.tool, asked.tool_digest, asked.risk = "uprobe", UPROBE.digest, stated  # type: ignore[assignment]
    try:
        admit(asked, {"uprobe": UPROBE}, policy)
    except Refused as refusal:
        return str(refusal)
    return ""


def test_the_hosts_own_list_counts_and_not_what_the_server_says_of_it() -> None:
    assert "does not allow risk class S3" in admitted(0, DEFAULT)
    assert "does not allow risk class S3" in admitted(pb.RISK_S2, DEFAULT)
    all_classes = Policy(risks=frozenset({"S0", "S1", "S2", "S3"}))
    assert "would reveal class S3 here and was started as S2" in admitted(pb.RISK_S2, all_classes)
    listed = Policy(numbers=("/opt/app:*",))
    assert admitted(pb.RISK_S2, listed) == admitted(0, listed) == ""
    assert "what name points to" in admitted(pb.RISK_S2, listed, "name:str")

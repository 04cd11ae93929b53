"""What people ask for, checked against the manifest."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpf.manifest import parse_manifest
from bpf.params import ParamError, parse_duration, parse_filters, parse_limits, parse_params, parse_value
from proto.v1 import agent_pb2
from proto.v1 import tool_pb2 as pb
from tests.bpf.manifests import EVENTS, changed

FILE = Path("/catalogue/sample/tool.toml")
TOOL = parse_manifest(EVENTS, FILE)


def test_defaults_are_filled_in_and_values_have_their_type() -> None:
    assert parse_params(TOOL, {}) == {"failed_only": False, "mode": "any", "least": 1_000_000}
    given = {"failed_only": "YES", "mode": "read-only", "least": "2.5s", "depth": "7"}
    assert parse_params(TOOL, given) == {"failed_only": True, "mode": "read-only", "least": 2_500_000_000, "depth": 7}


@pytest.mark.parametrize(
    ("given", "name", "message"),
    [
        ({"faild_only": "1"}, "faild_only", "did you mean failed_only"),
        ({"zzz": "1"}, "zzz", "it has failed_only, mode"),
        ({"failed_only": "maybe"}, "failed_only", "neither true nor false"),
        ({"mode": "write"}, "mode", "not one of any, read-only"),
        ({"least": "10"}, "least", "write a number and"),
        ({"least": "20s"}, "least", "outside 0 to 10000000000 ns"),
        ({"depth": "0"}, "depth", "outside 1 to 99"),
        ({"depth": "1.5"}, "depth", "no whole number"),
        ({"depth": "9" * 30}, "depth", "64 bits"),
        ({"depth": "1\n2"}, "depth", "printable"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_to_do(given: dict[str, str], name: str, message: str) -> None:
    with pytest.raises(ParamError, match=message) as caught:
        parse_params(TOOL, given)
    assert caught.value.name == name


def test_a_required_parameter_must_be_given() -> None:
    tool = parse_manifest(changed(EVENTS, "param.3.required", True), FILE)
    with pytest.raises(ParamError, match="must be given: How deep"):
        parse_params(tool, {})


@pytest.mark.parametrize(
    ("kind", "text", "good"),
    [
        (pb.PARAM_TYPE_FUNCTION, "c:malloc", True),
        (pb.PARAM_TYPE_FUNCTION, "/usr/lib/x:y/app:do_*", True),
        (pb.PARAM_TYPE_FUNCTION, "malloc", False),
        (pb.PARAM_TYPE_FUNCTION, ":malloc", False),
        (pb.PARAM_TYPE_PATH, "/etc", True),
        (pb.PARAM_TYPE_PATH, "etc", False),
    ],
)
def test_functions_and_paths(kind: pb.ParamType, text: str, good: bool) -> None:
    param = pb.Param(name="x", type=kind)
    if good:
        assert parse_value(param, text) == text
    else:
        with pytest.raises(ParamError, match="must be"):
            parse_value(param, text)


@pytest.mark.parametrize(("text", "ns"), [("500ms", 5 * 10**8), ("1.5m", 90 * 10**9), ("2h", 7200 * 10**9), ("7ns", 7)])
def test_durations(text: str, ns: int) -> None:
    assert parse_duration(text) == ns


def test_filters_that_mean_something_pass() -> None:
    asked = agent_pb2.Filters(pid=1, comm="a" * 15)
    parse_filters(TOOL, asked)
    assert asked.comm == "a" * 15


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        (agent_pb2.Filters(uid=0), "uid: sample cannot filter by uid; it can by pid, comm"),
        (agent_pb2.Filters(comm="a" * 16), "comm: a program name has 1 to 15 bytes"),
        (agent_pb2.Filters(comm=""), "comm: a program name"),
        (agent_pb2.Filters(comm="ééééééééé"), "comm: a program name"),
        (agent_pb2.Filters(pid=0), "pid: 0 is no process"),
    ],
)
def test_a_filter_that_would_mean_nothing_is_refused(filters: agent_pb2.Filters, message: str) -> None:
    with pytest.raises(ParamError, match=message):
        parse_filters(TOOL, filters)


def test_a_tool_without_a_task_of_its_own_says_so() -> None:
    tool = pb.Tool(name="soft", task=pb.TASK_MEANING_NONE)
    with pytest.raises(ParamError, match="sees no task of its own"):
        parse_filters(tool, agent_pb2.Filters(pid=1))


def test_a_tool_says_why_a_filter_means_nothing_to_it() -> None:
    tool = pb.Tool(name="starts", filters=[pb.FILTER_PID], no_filter="only the pid stays")
    with pytest.raises(ParamError, match="starts cannot filter by tid: only the pid stays; it can by pid"):
        parse_filters(tool, agent_pb2.Filters(tid=1))


def test_limits_take_defaults_and_stop_at_maxima() -> None:
    assert parse_limits(TOOL, agent_pb2.RunLimits()) == agent_pb2.RunLimits(duration_ms=60_000, budget_permille=30)
    asked = agent_pb2.RunLimits(duration_ms=3_600_000, rows=5, bytes=6, events_per_second=7, budget_permille=1000)
    assert parse_limits(TOOL, asked) == asked
    with pytest.raises(ParamError, match="duration: 3600001 ms is over this tool's maximum of 3600000 ms"):
        parse_limits(TOOL, agent_pb2.RunLimits(duration_ms=3_600_001))
    with pytest.raises(ParamError, match="budget"):
        parse_limits(TOOL, agent_pb2.RunLimits(budget_permille=1001))


def test_a_buffer_is_a_power_of_two_and_only_for_tools_that_have_one() -> None:
    def parsed(size: int, tool: pb.Tool = TOOL) -> int:
        return parse_limits(tool, agent_pb2.RunLimits(buffer_bytes=size)).buffer_bytes

    assert [parsed(0), parsed(64 << 10), parsed(1_000_000), parsed(1 << 30)] == [0, 64 << 10, 1 << 20, 1 << 30]
    for size in (1, (1 << 30) + 1):
        with pytest.raises(ParamError, match=rf"buffer: {size} bytes is outside"):
            parsed(size)
    adding = pb.Tool(name="syscount", streams=[pb.Stream(kind=pb.KIND_TOP)])
    with pytest.raises(ParamError, match="syscount adds up in the kernel and has no buffer"):
        parsed(1 << 20, adding)
    assert parsed(0, adding) == 0


@pytest.mark.parametrize(
    ("text", "name"),
    [("pts/0", "pts/0"), ("/dev/pts/17", "pts/17"), ("tty1", "tty1"), ("/dev/ttyS0", "ttyS0"), ("console", "console")],
)
def test_terminals_are_named_with_or_without_dev(text: str, name: str) -> None:
    assert parse_value(pb.Param(name="x", type=pb.PARAM_TYPE_TERMINAL), text) == name


@pytest.mark.parametrize(
    "text", ["tty", "/dev/tty", "pts/", "pts/01", "pts/ptmx", "../etc/passwd", "/dev/null", "pts/1 "]
)
def test_what_is_no_terminal_is_refused(text: str) -> None:
    with pytest.raises(ParamError, match="must be a terminal"):
        parse_value(pb.Param(name="x", type=pb.PARAM_TYPE_TERMINAL), text)

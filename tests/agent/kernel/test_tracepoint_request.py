"""What is asked of a tracepoint meets what the kernel has; nothing is guessed."""

from __future__ import annotations

import pytest

from agent.kernel import tracepoint_request as module
from agent.kernel.tracepoint_request import TracepointRequest, tracepoint_request
from agent.kernel.tracepoints import TracepointError, parse_format
from proto.v1 import tool_pb2 as pb

FORMATS = {
    "sched:sched_process_exec": """
\tfield:__data_loc char[] filename;\toffset:8;\tsize:4;\tsigned:0;
\tfield:pid_t pid;\toffset:12;\tsize:4;\tsigned:1;
\tfield:char comm[16];\toffset:16;\tsize:16;\tsigned:0;
\tfield:u8 state;\toffset:32;\tsize:1;\tsigned:0;
print fmt: "%s", __print_symbolic(REC->state, { 1, "ON" })""",
    "syscalls:sys_enter_openat": """
\tfield:int dfd;\toffset:16;\tsize:8;\tsigned:0;
\tfield:const char * filename;\toffset:24;\tsize:8;\tsigned:0;
\tfield:__data_loc char[] __filename_val;\toffset:32;\tsize:4;\tsigned:0;
print fmt: \"\"""",
}


@pytest.fixture(autouse=True)
def _formats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "read_tracepoint", lambda target: parse_format(target, FORMATS[target]))


def exec_request(**values: str) -> TracepointRequest:
    return tracepoint_request({"tracepoint": "sched:sched_process_exec", **values})


def openat_request(**values: str) -> TracepointRequest:
    return tracepoint_request({"tracepoint": "syscalls:sys_enter_openat", **values})


def test_all_fields_or_those_that_are_named_in_the_kernels_order() -> None:
    assert [field.name for field in exec_request().fields] == ["filename", "pid", "comm", "state"]
    assert [field.name for field in exec_request(fields="state,pid").fields] == ["pid", "state"]


def test_the_text_that_the_kernel_adds_for_its_own_trace_is_not_there_for_bpf() -> None:
    assert [field.name for field in openat_request().fields] == ["dfd", "filename"]


def test_risk_is_that_of_what_is_shown_and_compared() -> None:
    assert exec_request().risk() == pb.RISK_S3
    assert exec_request().why() == "filename"
    assert exec_request(fields="pid,comm,state").risk() == pb.RISK_S1
    assert exec_request(fields="pid", where='filename ^= "/home"').risk() == pb.RISK_S3
    assert openat_request().risk() == pb.RISK_S1
    followed = openat_request(strings="filename")
    assert (followed.risk(), followed.why()) == (pb.RISK_S3, "the string of filename")


def test_a_named_value_is_the_number_that_it_stands_for() -> None:
    (condition,) = exec_request(where="state == ON").conditions
    assert condition.value == 1


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"fields": "pid,filenam"}, "has no field filenam; did you mean filename.* It has filename, pid, comm, state"),
        ({"where": "zzz == 1"}, "has no field zzz; it has filename, pid, comm, state"),
        ({"where": "comm == 5"}, "comm is a text: compare it with a text in quotes"),
        ({"where": 'pid == "x"'}, r"pid is a number \(pid_t\): compare it with a number"),
        ({"where": 'comm > "x"'}, "can be compared by ==, !=, \\^=, not by >"),
        ({"where": f'comm == "{"x" * 17}"'}, "holds at most 16 bytes, the text has 17"),
        ({"where": "pid ^= 5"}, "is for texts"),
        ({"where": "state > 255 and state > 256"}, "state is a number from 0 to 255: 256 is none"),
        ({"where": "state == -1"}, "state is a number from 0 to 255: -1 is none"),
        ({"where": f"pid < {-(2**31) - 1}"}, "pid is a number from -2147483648 to 2147483647"),
        ({"where": "state == OFF"}, "no value called OFF; its values have the names ON"),
        ({"where": "pid == me"}, "no value called me; compare it with a number"),
        ({"where": "nonsense"}, "no comparison"),
        ({"strings": "filename"}, "has no strings of user space to read"),
    ],
)
def test_what_does_not_fit_is_told(values: dict[str, str], message: str) -> None:
    with pytest.raises(TracepointError, match=message):
        exec_request(**values)


def test_only_pointers_can_be_followed() -> None:
    with pytest.raises(TracepointError, match="dfd of syscalls:sys_enter_openat is int, no pointer"):
        openat_request(strings="dfd")
    with pytest.raises(TracepointError, match="name it in `strings`"):
        openat_request(where='filename == "/etc"')
    (condition,) = openat_request(strings="filename", where='filename == "/etc"').conditions
    assert condition.followed

"""How the fields of a tracepoint lie in the raw bytes of a record."""

from __future__ import annotations

import pytest

from agent.kernel import tracepoint_request as request_module
from agent.kernel.tracepoints import parse_format
from agent.runner.attach import AttachError, Request
from agent.runner.resolved import Resolved
from agent.runner.tracepoint import resolve_tracepoint
from bpf.catalog import ROOT, load_tool
from bpf.dynamic import Place
from proto.v1.agent_pb2 import Filters

EXEC = """
\tfield:__data_loc char[] filename;\toffset:8;\tsize:4;\tsigned:0;
\tfield:pid_t pid;\toffset:12;\tsize:4;\tsigned:1;
\tfield:u8 last;\toffset:16;\tsize:1;\tsigned:0;
"""
OPENAT = """
\tfield:int dfd;\toffset:16;\tsize:8;\tsigned:0;
\tfield:const char * filename;\toffset:24;\tsize:8;\tsigned:0;
"""


@pytest.fixture(autouse=True)
def _formats(monkeypatch: pytest.MonkeyPatch) -> None:
    formats = {"sched:exec": EXEC, "syscalls:sys_enter_openat": OPENAT}
    monkeypatch.setattr(request_module, "read_tracepoint", lambda target: parse_format(target, formats[target]))


def resolved(**values: str) -> Resolved:
    return resolve_tracepoint(Request(load_tool(ROOT / "tracepoint"), dict(values), Filters()), ["time", "pid"])


def test_numbers_alone_need_one_slot_of_their_own_size() -> None:
    found = resolved(tracepoint="sched:exec", fields="pid")
    assert found.classes == [8]
    assert found.defines == ["FS_RAW_SIZE=8", "FS_LOCATED=0", "FS_STRINGS=0"]
    assert [(field.column.name, field.offset, field.size) for field in found.fields] == [("field_pid", 4, 4)]
    assert found.maps == {}


def test_a_value_of_any_length_is_found_by_its_location() -> None:
    found = resolved(tracepoint="sched:exec")
    assert found.classes == [80, 272, 8184]
    assert found.defines[:2] == ["FS_RAW_SIZE=9", "FS_LOCATED=1"]
    assert found.maps == {"located": [b"\x08\0\0\0\0\0\0\0"]}
    assert (found.fields[0].place, found.fields[0].base) == (Place.LOCATED, 8)


def test_a_string_takes_the_place_of_its_pointer_and_says_how_it_was_read() -> None:
    found = resolved(tracepoint="syscalls:sys_enter_openat", strings="filename")
    assert [field.column.name for field in found.fields] == ["dfd", "filename", "filename_read"]
    assert [(field.offset, field.base) for field in found.fields[1:]] == [(24, 0), (28, 0)]
    assert found.classes == [32 + 64, 32 + 256, 32 + 4096]
    assert found.maps == {"pointers": [b"\x18\0\0\0\0\0\0\0"]}


def test_conditions_become_a_table_and_a_number() -> None:
    found = resolved(tracepoint="sched:exec", fields="pid", where='pid > 1 and filename == "/bin/true"')
    assert found.defines[-1] == "FS_WHERE=2"
    assert [len(clause) for clause in found.maps["fs_where"]] == [152, 152]


def test_what_does_not_fit_is_a_refusal() -> None:
    with pytest.raises(AttachError, match="has no field nothing"):
        resolved(tracepoint="sched:exec", fields="nothing")

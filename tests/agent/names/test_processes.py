from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from agent.names.answer import answer
from agent.names.processes import processes, program_names, users
from proto.text import escape
from proto.v1.agent_pb2 import Ask
from proto.v1.tool_pb2 import NameKind
from tests.workloads.compiled import build, running
from tests.workloads.spawn import workload

HOSTILE = [b"<script>alert(1)", b"\x1b[31mred\n", b"\xff\xfe bytes", b"back\\slash", "ünïcode".encode()]


def ask(text: str, limit: int = 200) -> Ask:
    return Ask(text=text, limit=limit)


def test_a_process_is_found_by_pid_and_by_name_with_user_and_age() -> None:
    with workload("named.py", "fs-name-probe") as busy:
        by_name, by_pid = processes(ask("FS-name-pro")), processes(ask(str(busy.pid)))
    (name,) = by_name.names
    assert (name.value, name.label, by_name.total) == (str(busy.pid), "fs-name-probe", 1)
    assert name.detail.startswith("root, python")
    assert abs(name.since_wall_ns / 1e9 - time.time()) < 60
    assert (by_pid.names[0].label, by_pid.names[0].detail) == (name.label, name.detail)


def test_arguments_are_never_told() -> None:
    with workload("named.py", "fs-quiet", "--password=hunter2") as busy:
        found = processes(ask("hunter2"))
        assert found.total == 0
        (name,) = processes(ask(str(busy.pid), limit=1)).names
    assert "hunter2" not in str(name)


@pytest.mark.parametrize("comm", HOSTILE)
def test_a_hostile_name_is_escaped_by_the_one_rule(comm: bytes) -> None:
    with workload("named.py", comm) as busy:
        (name,) = [name for name in processes(ask(str(busy.pid))).names if name.value == str(busy.pid)]
    assert name.label == escape(comm[:15])


def test_program_names_are_counted_and_can_be_typed() -> None:
    with workload("named.py", "fs-twins"), workload("named.py", "fs-twins"), workload("named.py", b"fs-twins\xff"):
        found = program_names(ask("fs-twins"))
    assert [(name.value, name.detail) for name in found.names] == [("fs-twins", "2 processes")]


def test_of_users_who_are_never_traced_nothing_is_told() -> None:
    mine = os.getuid()
    with workload("named.py", "fs-untold") as busy:
        asked = Ask(text="fs-untold", limit=200)
        assert [name.value for name in processes(asked).names] == [str(busy.pid)]
        asked.never_uids.append(mine)
        assert (processes(asked).total, program_names(asked).total) == (0, 0)
        inside = answer(Ask(kind=NameKind.NAME_KIND_LIBRARY, pid=busy.pid, never_uids=[mine]))
    assert "never traces" in inside.error
    assert str(mine) not in [name.value for name in users(Ask(limit=200, never_uids=[mine])).names]


def test_of_programs_that_are_never_traced_nothing_is_told(tmp_path: Path) -> None:
    program = build("burst.c", tmp_path)
    with running(program, 1) as busy:
        asked = Ask(text=str(busy.pid), limit=200)
        assert str(busy.pid) in [name.value for name in processes(asked).names]
        asked.hidden.binaries.append(str(program))
        assert str(busy.pid) not in [name.value for name in processes(asked).names]
        inside = answer(Ask(kind=NameKind.NAME_KIND_LIBRARY, pid=busy.pid, hidden=asked.hidden))
    assert "is a process that this host's policy never traces" in inside.error


def test_users_with_processes_come_first() -> None:
    found = users(ask(""))
    assert found.names[0].detail == "runs processes"
    assert (str(os.getuid()), "root") in [(name.value, name.label) for name in found.names]
    assert users(ask("root")).names[0].value == "0"


def test_the_limit_cuts_and_the_total_tells() -> None:
    with workload("named.py", "fs-triplet"), workload("named.py", "fs-triplet"), workload("named.py", "fs-triplet"):
        found = processes(ask("fs-triplet", limit=2))
    assert (len(found.names), found.total) == (2, 3)

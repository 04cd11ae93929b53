from __future__ import annotations

from pathlib import Path

import pytest

from fleetscope.cli.complete import KINDS
from proto.shortform import enum_choices
from proto.v1.tool_pb2 import NameKind
from tests.e2e.stack import Stack
from tests.workloads.shared_library import C, build_library
from tests.workloads.spawn import workload

pytestmark = pytest.mark.kernel


def test_every_kind_can_be_asked_for() -> None:
    assert set(KINDS) == set(enum_choices(NameKind.DESCRIPTOR))


def test_a_process_is_listed_for_people_and_for_programs(stack: Stack) -> None:
    with workload("named.py", b"fs-cli\x1b[31m") as busy:
        done = stack.command("complete", "process", "fs-cli")
        found = stack.json("complete", "process", "fs-cli")
    assert str(busy.pid) in done.stdout.decode()
    assert b"\x1b" not in done.stdout and rb"fs-cli\x1b[31m" in done.stdout
    assert done.stderr.decode().startswith("1 of 1 on ")
    assert [name["value"] for name in found["names"]] == [str(busy.pid)]


def test_functions_are_counted(stack: Stack, tmp_path: Path) -> None:
    library = build_library(tmp_path)
    done = stack.command("complete", "function", f"{library}:gear_*")
    assert done.stderr.decode().startswith(f"{C} functions on ")
    assert len(done.stdout.splitlines()) == C + 1


def test_what_cannot_be_asked_says_so(stack: Stack) -> None:
    unknown = stack.command("complete", "process", "--host", "no-such-host", check=False)
    assert unknown.returncode == 1 and b"there is no host 'no-such-host'" in unknown.stderr
    assert stack.command("complete", "secrets", check=False).returncode == 2
    nothing = stack.command("complete", "comm", "no-such-program")
    assert nothing.stdout == b"" and b"is called that" in nothing.stderr

import json

import pytest

from tests.e2e.stack import Stack, eventually
from tests.workloads.spawn import workload

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module")
def session(stack: Stack) -> str:
    with workload("open_paths.py", 3, 10, "/nonexistent/program-") as busy:
        session = stack.detach("opensnoop", "--pid", str(busy.pid), "--duration", "60s")
        listed = lambda: stack.command("program", session, check=False).returncode == 0  # noqa: E731
        eventually(listed, 20, "the program's arrival")
        stack.command("stop", session)
        pid = busy.pid
    done = stack.command("program", session)
    assert f"-DFS_PID={pid}ULL" in done.stderr.decode()
    return session


def test_the_text_is_what_was_compiled(stack: Stack, session: str) -> None:
    text = stack.command("program", session).stdout.decode()
    assert "TRACEPOINT_PROBE(syscalls, sys_enter_openat)" in text and "struct opens {" in text


def test_the_bytecode_names_its_maps_and_functions(stack: Stack, session: str) -> None:
    text = stack.command("program", session, "--part", "bytecode").stdout.decode()
    assert "tracepoint__syscalls__sys_enter_openat (tracepoint, " in text
    assert "<map fs_counters>" in text and "exit" in text


def test_all_parts_are_one_document(stack: Stack, session: str) -> None:
    found = json.loads(stack.command("program", session, "--output", "json").stdout)
    assert found["log"] == ""
    assert all(len(function["bytecode"].splitlines()) == function["instructions"] for function in found["functions"])


def test_a_host_that_did_not_run_it_is_one_line(stack: Stack, session: str) -> None:
    done = stack.command("program", session, "--host", "nowhere", check=False)
    assert done.returncode == 1
    assert b"nowhere" in done.stderr and done.stderr.count(b"\n") == 1

"""Bad input and missing rights: one line that says what to do, in every door, and nothing half-started stays."""

from __future__ import annotations

import pytest

from tests.e2e.processes import with_module
from tests.e2e.stack import Stack
from tests.workloads.spawn import workload

pytestmark = pytest.mark.kernel

# arguments of `fleetscope start`, words that the one line must hold
WRONG = {
    "a tool that does not exist": (["opensnop"], ["opensnop", "opensnoop"]),
    "a pid that is gone": (["opensnoop", "--pid", "4194000"], ["4194000"]),
    "a pattern that matches nothing": (
        ["funclatency", "--param", "function=c:no_such_function_*"],
        ["no_such_function_*"],
    ),
    "a library that does not exist": (["funclatency", "--param", "function=nosuchlib:x*"], ["nosuchlib"]),
    "a duration over the limit": (["opensnoop", "--duration", "400d"], ["duration"]),
    "a parameter that the tool does not have": (["opensnoop", "--param", "speed=1"], ["speed"]),
    "a required parameter left out": (["funclatency"], ["function"]),
    "a host that is not joined": (["opensnoop", "--host", "nowhere"], ["nowhere"]),
    "a duration that is none": (["opensnoop", "--duration", "soon"], ["soon"]),
    "a budget that is none": (["opensnoop", "--budget", "lots"], ["lots"]),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_start_is_refused_with_one_line(stack: Stack, name: str) -> None:
    args, words = WRONG[name]
    done = stack.command("start", *args, check=False)
    lines = done.stderr.decode().strip().splitlines()
    assert done.returncode != 0
    assert done.stdout == b""
    assert all(word in lines[-1] for word in words), lines
    assert "Traceback" not in done.stderr.decode()
    assert stack.process is not None
    assert not with_module(stack.process.pid, "agent.runner")


def test_a_viewers_start_is_refused_everywhere_and_stands_in_the_audit_list(stack: Stack) -> None:
    stack.api(
        "POST", "/api/users", {"username": "vera", "role": "viewer", "password": "a-long-enough-pass"}, status=201
    )
    login = {"username": "vera", "password": "a-long-enough-pass", "name": "test"}
    token = stack.api("POST", "/api/auth/token", login)["token"]
    with workload("open_paths.py", 3, 10, "/nonexistent/viewer-") as busy:
        body = {"tool": "opensnoop", "filters": {"pid": busy.pid}, "limits": {"duration_ms": 5000}}
        refused = stack.api("POST", "/api/sessions", body, token=token, status=403)
        done = stack.command(
            "start",
            "opensnoop",
            "--pid",
            str(busy.pid),
            check=False,
            env={"FLEETSCOPE_URL": stack.url, "FLEETSCOPE_TOKEN": token},
        )
    assert "viewer" in refused["error"]["message"]
    assert done.returncode != 0 and "viewer" in done.stderr.decode()
    entries = stack.api("GET", "/api/audit?actor=vera")["items"]
    refusals = [entry for entry in entries if entry["outcome"] == "refused" and "start" in entry["action"]]
    assert len(refusals) == 2


def test_a_stranger_reads_nothing(stack: Stack) -> None:
    for path in ("/api/hosts", "/api/sessions", "/api/tools", "/api/audit", "/api/users"):
        reply = stack.api("GET", path, token="fst_wrong", status=401)
        assert reply["error"]["message"]

"""`make run` without its set-up: what it does when something is wrong, dies, or is asked to end."""

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.processes import descendants, one
from tests.e2e.stack import ROOT, Stack, eventually, own_stack

pytestmark = pytest.mark.kernel


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Stack]:
    """A stack whose processes may be killed."""
    with own_stack(tmp_path) as running:
        yield running


def refused(stack: Stack) -> str:
    """The one line that a second supervisor with this environment says."""
    command = [sys.executable, "packaging/supervise.py"]
    done = subprocess.run(command, cwd=ROOT, env=stack.env, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    return line


def test_a_taken_port_is_one_line_that_names_the_variable(tmp_path: Path) -> None:
    stack = Stack(data=tmp_path / "var", home=tmp_path)
    for variable, port in (("FLEETSCOPE_HTTP", stack.http_port), ("FLEETSCOPE_GRPC", stack.grpc_port)):
        with socket.create_server(("127.0.0.1", port)):
            line = refused(stack)
        assert f"cannot listen on localhost:{port}: Address already in use" in line
        assert f"set {variable}=HOST:PORT" in line


def test_a_data_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert f"cannot write to {tmp_path}/file/var" in refused(Stack(data=tmp_path / "file/var", home=tmp_path))


def test_one_data_folder_serves_one_at_a_time_and_others_run_beside(own: Stack, tmp_path: Path) -> None:
    second = Stack(data=own.data, home=own.home)
    assert "set FLEETSCOPE_DATA" in refused(second)
    second.data = tmp_path / "second"
    second.start()
    assert second.url != own.url
    assert [host["state"] for host in second.json("hosts")] == ["online"]
    assert second.stop(signal.SIGTERM) == 0


def test_what_dies_is_back_in_seconds_and_says_why(own: Stack) -> None:
    assert own.process is not None
    for module, name in (("server", "server"), ("agent.cli", "agent")):
        dead = one(own.process.pid, module)
        os.kill(dead, signal.SIGKILL)
        eventually(lambda dead=dead, module=module: _replaced(own, module, dead), 10, f"another {module}")  # type: ignore[misc]
        assert any(line.startswith(f"{name} was killed by SIGKILL;") and "again" in line for line in own.lines)
    eventually(lambda: _online(own), 15, "the local host online again")


def test_both_signals_end_everything_in_ten_seconds(own: Stack) -> None:
    assert own.process is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        ours = descendants(own.process.pid)
        assert len(ours) >= 3
        asked = time.monotonic()
        assert own.stop(number) == 0
        left = 10 - (time.monotonic() - asked)
        eventually(lambda ours=ours: not alive(ours), left, "every process gone")  # type: ignore[misc]
        own.start()


def test_a_second_start_keeps_host_and_login(own: Stack) -> None:
    host, token = own.json("hosts")[0]["id"], own.token()
    own.stop()
    own.start()
    assert own.token() == token
    assert [found["id"] for found in own.json("hosts")] == [host]


def test_a_lost_server_database_makes_the_agent_join_again(own: Stack) -> None:
    own.stop()
    subprocess.run(["rm", "-r", str(own.data / "server")], check=True)
    own.start()
    assert [host["state"] for host in own.json("hosts")] == ["online"]


def test_another_port_for_agents_is_followed(own: Stack) -> None:
    host = own.json("hosts")[0]["id"]
    own.stop()
    own.grpc_port = Stack(data=own.data, home=own.home).grpc_port
    own.start()
    assert [(found["id"], found["state"]) for found in own.json("hosts")] == [(host, "online")]


def test_files_have_the_owners_and_modes_they_need(own: Stack) -> None:
    policy = own.data / "agent/policy.toml"
    assert (policy.stat().st_uid, stat.S_IMODE(policy.stat().st_mode)) == (0, 0o644)
    assert stat.S_IMODE((own.home / ".config/fleetscope/config.json").stat().st_mode) == 0o600
    assert (own.data / "log/server.log").stat().st_size > 0


def alive(pids: set[int]) -> list[int]:
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def _replaced(stack: Stack, module: str, dead: int) -> bool:
    assert stack.process is not None
    try:
        return one(stack.process.pid, module) != dead
    except AssertionError:
        return False


def _online(stack: Stack) -> bool:
    done = stack.command("hosts", "--output", "json", check=False)
    return done.returncode == 0 and b'"online"' in done.stdout

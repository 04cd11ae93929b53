from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import sys

import pytest

from agent.packets import socket_pair
from agent.warden.child import Child, boot_id, is_alive, mark
from agent.warden.loop import Loop
from agent.warden.run_folder import RunnerMark

REPORT = """
import os, socket
fds = [fd for fd in range(10) if os.path.exists(f"/proc/self/fd/{fd}")]
socket.socket(fileno=3).send(repr((os.getpgrp() == os.getpid(), fds, os.read(0, 1))).encode())
"""
LIMIT = """
import resource, socket
socket.socket(fileno=3).recv(1)
raise SystemExit(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


def _child(loop: Loop, code: str, ended: list[str]) -> tuple[Child, socket.socket]:
    ours, theirs = socket_pair()

    def on_exit(how: str) -> None:
        ended.append(how)
        loop.stop()

    with theirs:
        return Child(loop, [sys.executable, "-c", code], theirs, on_exit), ours


def _run(loop: Loop) -> None:
    loop.call_later(10, loop.stop)
    loop.run()


def test_a_child_leads_its_group_and_has_its_socket_as_descriptor_three() -> None:
    loop = Loop()
    ended: list[str] = []
    child, ours = _child(loop, REPORT, ended)
    _run(loop)
    assert ours.recv(1000) == b"(True, [0, 1, 2, 3], b'')"
    assert ended == ["exit code 0"]
    assert not child.alive


def test_how_it_ended_is_said() -> None:
    loop = Loop()
    ended: list[str] = []
    child, _ = _child(loop, "import time; time.sleep(60)", ended)
    child.signal(signal.SIGKILL)
    _run(loop)
    child.signal(signal.SIGKILL)
    _child(loop, "raise SystemExit(3)", ended)
    _run(loop)
    assert ended == ["signal SIGKILL", "exit code 3"]


def test_limits_reach_the_child() -> None:
    loop = Loop()
    ended: list[str] = []
    child, ours = _child(loop, LIMIT, ended)
    child.limit(resource.RLIMIT_NOFILE, 77)
    ours.send(b"go")
    _run(loop)
    assert ended == ["exit code 77"]


def test_a_process_that_waits_to_be_reaped_is_not_alive() -> None:
    with subprocess.Popen(["true"]) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert not is_alive(mark(process.pid))


def test_a_process_is_known_by_pid_start_and_boot() -> None:
    me = mark(os.getpid())
    assert is_alive(me)
    assert not is_alive(RunnerMark(me.boot_id, me.pid, me.start_ticks + 1))
    assert not is_alive(RunnerMark("another boot", me.pid, me.start_ticks))
    assert len(boot_id()) == 36
    with pytest.raises(OSError, match="No such"):
        mark(2**22)
    assert not is_alive(RunnerMark(me.boot_id, 2**22, 1))

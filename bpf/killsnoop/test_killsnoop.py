"""killsnoop against a process that sends signals it knows."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from proto.v1.agent_pb2 import Filters
from tests.agent.runner.children import trace_children
from tests.agent.runner.traced import trace_statements

pytestmark = pytest.mark.kernel

REPEATS = 1009
BEFORE = "import ctypes, os, signal, threading; libc = ctypes.CDLL(None)"
NOBODY = 4194303  # the highest pid a kernel can give; none here gets that far


@pytest.fixture
def sleeper() -> Iterator[int]:
    with subprocess.Popen(["sleep", "300"]) as process:
        yield process.pid
        process.kill()


def trace(then: str, params: dict[str, str] | None = None, **filters: Any) -> tuple[int, list[dict[str, Any]]]:
    """The sender's pid and the rows."""
    traced = trace_statements("killsnoop", BEFORE, then, params, Filters(**filters) if filters else None)
    return traced.pid, traced.rows


@pytest.mark.proves("rows")
def test_a_prime_number_of_signals_is_that_number_of_rows(sleeper: int) -> None:
    pid, rows = trace(f"for n in range({REPEATS}): os.kill({sleeper}, 0)")
    assert len(rows) == REPEATS
    found = Counter((row["pid"], row["tid"], row["tpid"], row["sig"], row["err"], row["call"]) for row in rows)
    assert found == {(pid, pid, sleeper, 0, 0, "kill"): REPEATS}
    assert {(row["uid"], row["ttid"]) for row in rows} == {(os.getuid(), 0)}
    assert [row["time"] for row in rows] == sorted(row["time"] for row in rows)


@pytest.mark.proves("values", "flags")
def test_every_call_that_sends_a_signal_names_its_target(sleeper: int) -> None:
    info = "info = (ctypes.c_int * 32)(28, 0, -1)"  # siginfo_t with si_code SI_QUEUE
    pid, rows = trace(f"""
{info}
os.kill({sleeper}, 28)
libc.syscall(200, {sleeper}, 28)
libc.syscall(234, {sleeper}, {sleeper}, 28)
libc.syscall(129, {sleeper}, 28, ctypes.byref(info))
libc.syscall(297, {sleeper}, {sleeper}, 28, ctypes.byref(info))
signal.pidfd_send_signal(os.pidfd_open({sleeper}), 28)
""")
    calls = ["kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_send_signal"]
    assert [row["call"] for row in rows] == calls
    assert {(row["pid"], row["tpid"], row["sig"], row["err"]) for row in rows} == {(pid, sleeper, 28, 0)}
    assert [row["ttid"] for row in rows] == [0, sleeper, sleeper, 0, sleeper, 0]


@pytest.mark.proves("errno")
def test_failures_carry_their_reason_and_groups_their_sign(sleeper: int) -> None:
    _, rows = trace(f"""
libc.kill({NOBODY}, 9); libc.kill({sleeper}, 99); libc.kill(-{NOBODY}, 0)
signal.signal(28, signal.SIG_IGN); os.setpgrp(); os.kill(0, 28)
""")
    assert [(row["tpid"], row["sig"], row["err"]) for row in rows] == [
        (NOBODY, signal.SIGKILL, errno.ESRCH),
        (sleeper, 99, errno.EINVAL),
        (-NOBODY, 0, errno.ESRCH),
        (0, 28, 0),
    ]


@pytest.mark.proves("threads")
def test_a_thread_that_signals_another_shows_both() -> None:
    pid, rows = trace("""
signal.signal(10, lambda *_: None)
def send():
    print(threading.get_native_id())
    signal.pthread_kill(threading.main_thread().ident, 10)
thread = threading.Thread(target=send); thread.start(); thread.join()
""")
    (row,) = rows
    assert (row["call"], row["pid"], row["tpid"], row["ttid"], row["sig"]) == ("tgkill", pid, pid, pid, 10)
    assert row["tid"] != pid


@pytest.mark.parametrize(
    ("params", "signals"),
    [({"failed_only": "true"}, [9]), ({"signal": "28"}, [28, 28]), ({"target": str(NOBODY)}, [9]), ({}, [28, 9, 28])],
)
def test_parameters_choose_signals(sleeper: int, params: dict[str, str], signals: list[int]) -> None:
    _, rows = trace(f"os.kill({sleeper}, 28); libc.kill({NOBODY}, 9); os.kill({sleeper}, 28)", params)
    assert [row["sig"] for row in rows] == signals


def test_filters_by_parent_and_user_see_it_and_others_do_not(sleeper: int) -> None:
    _, rows = trace(f"os.kill({sleeper}, 0)", ppid=os.getpid(), uid=os.getuid())
    assert len(rows) == 1
    _, rows = trace(f"os.kill({sleeper}, 0)", ppid=os.getpid(), comm="another")
    assert rows == []


@pytest.mark.proves("children", "namespaces", "names")
def test_children_that_die_at_once_and_one_in_a_pid_namespace_of_its_own() -> None:
    """The last names itself by the number that it has in there, and cannot be killed by itself."""
    pids, rows, _ = trace_children("killsnoop", "import os\ndef act(): os.kill(os.getpid(), 0)")
    sent = [(row["pid"], row["tpid"], row["sig"], row["err"]) for row in rows]
    mine = [[(pid, pid, 0, 0), (pid, pid, signal.SIGKILL, 0)] for pid in pids[:-1]]
    assert sent == [*(row for rows in mine for row in rows), (pids[-1], 1, 0, 0), (pids[-1], 1, signal.SIGKILL, 0)]

"""Only who started the agent can be left out."""

from __future__ import annotations

import os
import subprocess

import pytest

from agent.warden.supervisor import SupervisorError, check_supervisor


def test_none_and_any_process_above_are_taken() -> None:
    assert check_supervisor(0) == 0
    assert check_supervisor(os.getppid()) == os.getppid()


def test_what_did_not_start_the_agent_is_refused() -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as child:
        assert child.stdin
        for pid in (1, child.pid, os.getpid(), 2**22 + 1):
            with pytest.raises(SupervisorError, match=f"--supervisor {pid}: that process did not start this agent"):
                check_supervisor(pid)
        child.stdin.close()

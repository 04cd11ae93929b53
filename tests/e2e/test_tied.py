"""A test run that is killed leaves nothing behind: its stack ends with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.processes import descendants
from tests.e2e.stack import ROOT, eventually

pytestmark = pytest.mark.kernel

PROGRAM = """
import sys, time
from pathlib import Path
from tests.e2e.stack import own_stack
with own_stack(Path(sys.argv[1])) as stack:
    stack.wait_online()
    print(stack.process.pid, flush=True)
    time.sleep(600)
"""


def gone(pid: int) -> bool:
    try:
        return "State:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_a_stack_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as tests:
        assert tests.stdout is not None
        supervisor = int(tests.stdout.readline())
        stack = {supervisor, *descendants(supervisor)}
        assert len(stack) >= 4, "the supervisor, the server, the warden and the link"
        os.kill(tests.pid, signal.SIGKILL)
    eventually(lambda: all(map(gone, stack)), 60, "the end of every process of the stack")

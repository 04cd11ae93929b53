"""SIGTERM as a descriptor: in a process of its own, since handlers belong to all of it."""

from __future__ import annotations

import signal
import subprocess
import sys

PROGRAM = """
import select
from agent.runner.signals import Termination
found = Termination()
print("ready", flush=True)
print(select.select([found.descriptor], [], [], 10)[0] == [found.descriptor], flush=True)
"""


def test_a_request_to_end_wakes_a_wait_and_an_interrupt_does_not() -> None:
    process = subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=10)[0] == "True\n"
    assert process.returncode == 0

"""Children forked from a process that has loaded Python's compiler libraries already.

In an emulated guest the loading costs more than the measurement; what runs is the same.
"""

from __future__ import annotations

import importlib
import os
import runpy
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from agent.runner.__main__ import main as runner
from agent.runner.channel import DESCRIPTOR

MODULES = ("bcc", "agent.runner.run", "agent.runner.batcher", "agent.runner.live", "agent.runner.streams")


class Forked:
    """What the matrix uses of subprocess.Popen."""

    def __init__(self, work: Callable[[], object]) -> None:
        self.returncode: int | None = None
        self.pid = os.fork()
        if not self.pid:
            _run(work)

    def poll(self) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout: float = 3600) -> int:
        """Raises subprocess.TimeoutExpired."""
        deadline = time.monotonic() + timeout
        while (status := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            time.sleep(0.05)
        return status

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def load() -> None:
    for name in MODULES:
        importlib.import_module(name)


def fork_runner(sock: socket.socket) -> Forked:
    """As the harness starts it: with the socket as descriptor 3."""

    def work() -> object:
        os.dup2(sock.fileno(), DESCRIPTOR, inheritable=False)
        return runner()

    return Forked(work)


def fork_script(words: Sequence[str], output: Path, env: Mapping[str, str]) -> Forked:
    """A Python program as if it had been started, writing to `output`."""

    def work() -> object:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        log = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream in (1, 2):
            os.dup2(log, stream)
        sys.stdout = sys.stderr = open(1, "w", buffering=1, closefd=False)  # noqa: SIM115
        os.environ.update(env)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.argv = list(words)
        return runpy.run_path(words[0], run_name="__main__") and None

    return Forked(work)


def _run(work: Callable[[], object]) -> None:
    """Never returns."""
    status = 1
    try:
        status = int(bool(work()))
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(status)

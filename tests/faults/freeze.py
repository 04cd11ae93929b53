"""Hold a process at the n-th system call of a kind, before or after it happens, look at the disks, and kill it there.

strace does the holding; the code of the process knows nothing of it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.e2e.stack import eventually
from tests.tied import tied

Side = Literal["before", "after"]

_HELD_US = 600_000_000  # longer than any test
_STILL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Call:
    """``number``: of the calls that a thread makes from now on; ``paths``: only calls on these files."""

    name: str
    side: Side
    number: int = 1
    paths: tuple[Path, ...] = ()

    def options(self) -> list[str]:
        when = {"before": "delay_enter", "after": "delay_exit"}[self.side]
        paths = [word for path in self.paths for word in ("-P", str(path))]
        return [*paths, "-e", f"trace={self.name}", "-e", f"inject={self.name}:{when}={_HELD_US}:when={self.number}"]


@dataclass(slots=True)
class Freezer:
    pid: int
    side: Side
    output: Path
    tracer: subprocess.Popen[bytes]

    @property
    def held(self) -> bool:
        """A thread stands at the call. Before the call it is told from one that merely passes by standing still."""
        if self.side == "after":
            return "(DELAYED)" in self._text()
        return bool(found := self._stopped()) and self._stands_still(found)

    def kill(self) -> None:
        assert self.held, f"process {self.pid} is not held any more"
        os.kill(self.pid, signal.SIGKILL)
        self.tracer.kill()  # it would keep what is dead; with a signal pending no call is made any more
        eventually(lambda: not _alive(self.pid), 30, f"the end of process {self.pid}")

    def _stands_still(self, before: set[tuple[str, str]]) -> bool:
        text = self._text()
        if text.endswith("\n") and "<unfinished" not in text:
            return False
        time.sleep(_STILL_SECONDS)
        return text == self._text() and bool(before & self._stopped())

    def _stopped(self) -> set[tuple[str, str]]:
        """Threads in a tracing stop, each with its system call and the arguments."""
        found = set()
        for task in Path(f"/proc/{self.pid}/task").glob("*"):
            try:
                if "State:\tt" in (task / "status").read_text():
                    found.add((task.name, (task / "syscall").read_text()))
            except OSError:
                continue
        return found

    def _text(self) -> str:
        return self.output.read_text() if self.output.exists() else ""


@contextmanager
def freezer(pid: int, call: Call) -> Iterator[Freezer]:
    """Every thread of the process is watched inside the block; at its end one that is held goes on."""
    strace = shutil.which("strace")
    assert strace, "the test needs Debian's strace"
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "calls"
        words = [strace, "-f", "-qq", "-p", str(pid), "-o", str(output), *call.options()]
        tracer = subprocess.Popen(tied(words), stderr=subprocess.DEVNULL)
        try:
            eventually(lambda: _traced(pid), 30, f"strace on {pid}")
            yield Freezer(pid, call.side, output, tracer)
        finally:
            tracer.kill()
            tracer.wait()


def _traced(pid: int) -> bool:
    tasks = list(Path(f"/proc/{pid}/task").glob("*/status"))
    return bool(tasks) and all("TracerPid:\t0" not in task.read_text() for task in tasks)


def _alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False

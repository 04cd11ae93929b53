"""Start a workload of this folder, know its pid, let it go when the session is attached."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FOLDER = Path(__file__).parent


class Workload:
    def __init__(self, command: list[str | bytes]) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        self.pid = int(self.process.stdout.readline())

    def go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"go\n")
        self.process.stdin.flush()

    def finish(self, seconds: float = 180) -> bytes:
        """Wait for its end; what it printed after its pid."""
        out, _ = self.process.communicate(timeout=seconds)
        assert self.process.returncode == 0
        return out


@contextmanager
def workload(script: str, *args: str | bytes | int, program: str = sys.executable) -> Iterator[Workload]:
    """A Python workload of this folder that has printed its pid and waits for `go`."""
    words = [arg if isinstance(arg, bytes) else str(arg) for arg in args]
    running = Workload([program, "-S", str(FOLDER / script), *words])
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.process.kill()
            running.process.wait()

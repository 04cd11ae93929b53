"""Child processes of the warden: in process groups of their own, with a socket as descriptor 3, reaped by pidfd."""

from __future__ import annotations

import os
import resource
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from agent.warden.loop import Loop
from agent.warden.run_folder import RunnerMark

CHILD_SOCKET = 3
_ROOT = Path(__file__).resolve().parents[2]
_NULL = "/dev/null"
_DEAD = "ZX"


def python(module: str, *arguments: str) -> list[str]:
    """Command line of one of our modules; ``-P``: never import from the working folder, this is root."""
    return [sys.executable, "-P", "-m", module, *arguments]


class Child:
    """``on_exit`` is called once, with how it ended: ``exit code 1`` or ``signal SIGKILL``."""

    def __init__(self, loop: Loop, command: list[str], peer: socket.socket, on_exit: Callable[[str], None]) -> None:
        self._loop, self._on_exit = loop, on_exit
        self.pid = spawn(command, peer.fileno())
        self._pidfd = os.pidfd_open(self.pid)
        self.alive = True
        loop.watch(self._pidfd, self._exited)

    def signal(self, number: signal.Signals) -> None:
        if self.alive:
            signal.pidfd_send_signal(self._pidfd, number)

    def limit(self, which: int, value: int) -> None:
        if self.alive:
            resource.prlimit(self.pid, which, (value, value))

    def _exited(self) -> None:
        self._loop.unwatch(self._pidfd)
        os.close(self._pidfd)
        self.alive = False
        self._on_exit(describe(os.waitpid(self.pid, 0)[1]))


def spawn(command: list[str], descriptor: int) -> int:
    """Start with ``descriptor`` as 3, nothing on stdin and stdout, our stderr. Raises OSError."""
    actions: list[tuple[int, ...] | tuple[int, int, str, int, int]] = [
        (os.POSIX_SPAWN_OPEN, 0, _NULL, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, _NULL, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_DUP2, descriptor, CHILD_SOCKET),
    ]
    # What gRPC logs by itself is what the link says better.
    environment = {**os.environ, "PYTHONPATH": str(_ROOT), "GRPC_VERBOSITY": "NONE"}
    return os.posix_spawn(command[0], command, environment, file_actions=actions, setpgroup=0)


def describe(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"


def mark(pid: int) -> RunnerMark:
    """Raises OSError when there is no such process."""
    return RunnerMark(boot_id(), pid, _stat(pid)[1])


def is_alive(runner: RunnerMark) -> bool:
    """Is it still the same process? One that waits to be reaped is not: not every init does that at once."""
    try:
        state, ticks = _stat(runner.pid)
    except OSError:
        return False
    return state not in _DEAD and ticks == runner.start_ticks and runner.boot_id == boot_id()


def boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _stat(pid: int) -> tuple[str, int]:
    """State and start time: fields 3 and 22, counted from behind the name, which may hold anything."""
    fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    return fields[0].decode(), int(fields[19])

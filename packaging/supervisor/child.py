"""One long-running process: started, logged, started again when it dies, ended."""

import asyncio
import ctypes
import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from supervisor import SupervisorError, say
from supervisor.root import kill_as_root

RESTART_SECONDS = 0.5
QUICK_SECONDS = 3.0
MAX_LOG_BYTES = 16 * 1024 * 1024
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


class Child:
    """`lifeline`: the process ends by itself when its stdin ends, which it does when this supervisor dies in any way.

    A process of our own user gets the parent-death signal instead; sudo would clear that.
    """

    def __init__(self, name: str, argv: Sequence[str], log: Path, *, lifeline: bool) -> None:
        self.name = name
        self._argv = tuple(argv)
        self.log = log
        self._lifeline = lifeline
        self._process: asyncio.subprocess.Process | None = None
        self._ending = asyncio.Event()
        self._log_start = 0
        self.ready = False

    async def keep(self) -> None:
        """Runs until `stop`. Before `ready` is set, raises SupervisorError when the process dies."""
        while not self._ending.is_set():
            started = time.monotonic()
            process = await self._spawn()
            status = await process.wait()
            if self._ending.is_set():
                return
            # What is killed has no last word: its log ends with something else.
            why = f"{self.name} {describe(status)}" + ("" if status < 0 else f": {self.last_line()}")
            if not self.ready:
                raise SupervisorError(f"{why} (log: {self.log})")
            say(f"{why}; starting it again")
            if time.monotonic() - started < QUICK_SECONDS:
                await asyncio.sleep(RESTART_SECONDS)

    async def stop(self, seconds: float) -> None:
        """Ask it to end, and end it by force when it has not after that time."""
        self._ending.set()
        process = self._process
        if process is None or process.returncode is not None:
            return
        if process.stdin is not None:
            process.stdin.close()
        else:
            process.terminate()
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), seconds)
            return
        say(f"{self.name} has not ended in {seconds:.0f} s; killing it (log: {self.log})")
        kill_as_root(process.pid) if self._lifeline else process.kill()
        await process.wait()

    def last_line(self) -> str:
        """Of what this process has logged."""
        with suppress(OSError), self.log.open("rb") as log:
            log.seek(max(self._log_start, self.log.stat().st_size - 8192))
            lines = log.read().decode(errors="replace").split("\n")
            return next((line.strip() for line in reversed(lines) if line.strip()), "it logged nothing")
        return "its log cannot be read"

    async def _spawn(self) -> asyncio.subprocess.Process:
        if self.log.exists() and self.log.stat().st_size > MAX_LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as log:
            self._log_start = log.tell()
            self._process = await asyncio.create_subprocess_exec(
                *self._argv,
                stdin=asyncio.subprocess.PIPE if self._lifeline else asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # A group of its own: Ctrl-C at the terminal goes to the supervisor alone, which ends things in order.
                process_group=0,
                preexec_fn=None if self._lifeline else partial(_die_with, os.getpid()),
            )
        return self._process


def describe(status: int) -> str:
    if status < 0:
        return f"was killed by {signal.Signals(-status).name}"
    return f"ended with exit code {status}"


def _die_with(parent: int) -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(1)

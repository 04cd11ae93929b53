"""One of Debian's bpfcc-tools, run beside ours. It gets the same headers: for most kernels none can be installed."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.matrix.preloaded import Forked, fork_script

QUIET_SECONDS, SETTLE_SECONDS = 3.0, 15.0
STEADY_SECONDS = 0.7


class Stock:
    """``text`` is all it printed so far; ``failure`` is empty while nothing went wrong."""

    def __init__(self, command: str, folder: Path, headers: Path | None, *, preloaded: bool) -> None:
        name, *words = shlex.split(command)
        self.output = folder / "stock.txt"
        self.failure = ""
        self.process: subprocess.Popen[bytes] | Forked | None = None
        binary = shutil.which(f"{name}-bpfcc", path=f"{os.environ['PATH']}:/usr/sbin")
        if binary is None:
            self.failure = f"there is no {name}-bpfcc; install bpfcc-tools"
            return
        env = {**os.environ, "PYTHONUNBUFFERED": "1", "TERM": "dumb"}
        if headers:
            env["BCC_KERNEL_SOURCE"] = str(headers)
        if preloaded:
            self.process = fork_script([binary, *words], self.output, env)
            return
        with self.output.open("wb") as log:
            self.process = subprocess.Popen(
                [binary, *words], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env, preexec_fn=_hear_interrupts
            )

    @property
    def text(self) -> str:
        return self.output.read_text(errors="backslashreplace") if self.output.exists() else ""

    def wait_attached(self, seconds: float) -> None:
        """Until it holds probes, no more come and it sleeps, or it has ended. What it prints is no sign: some print
        first."""
        deadline = time.monotonic() + seconds
        held, since = 0, time.monotonic()
        while self.process and not self.failure:
            if self.process.poll() is not None:
                self.failure = last_words(self.text)
            elif time.monotonic() > deadline:
                self.failure = f"attached nothing within {seconds:.0f} s"
            elif (now := held_probes(self.process.pid)) != held or not sleeps(self.process.pid):
                held, since = now, time.monotonic()
            elif held and time.monotonic() - since > STEADY_SECONDS:
                return
            time.sleep(0.2)

    def settle(self, done: Callable[[str], bool]) -> None:
        """Until its words are complete or nothing new comes; several tools print every second, so not for ever."""
        size, since = -1, time.monotonic()
        deadline = since + SETTLE_SECONDS
        while self.process and not self.failure and not done(self.text) and time.monotonic() < deadline:
            if time.monotonic() - since > QUIET_SECONDS:
                return
            if (now := len(self.text)) != size:
                size, since = now, time.monotonic()
            time.sleep(0.1)

    def stop(self) -> None:
        """As a person does, with ^C: several tools print only then."""
        if self.process is None:
            return
        for number, seconds in ((signal.SIGINT, 120), (signal.SIGKILL, 30)):
            self.process.send_signal(number)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                continue
            return


def _hear_interrupts() -> None:
    """Shells let what they start in the background ignore them."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def held_probes(pid: int) -> int:
    """How many perf events and raw tracepoints a process holds."""
    count = 0
    try:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            target = str(link.readlink())
            count += "perf_event" in target or "tracepoint" in target or "bpf_link" in target
    except OSError:
        return count  # it closed one, or ended
    return count


def sleeps(pid: int) -> bool:
    """Waits for events; one that waits for a CPU does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith("S")
    except OSError:
        return False


def last_words(text: str) -> str:
    """Of a tool that ended: its error, else its last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"\w*(Error|Exception)\b", line)]
    return (errors or lines or ["ended without a word"])[-1][:300]

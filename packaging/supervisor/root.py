"""Doing what needs root: directly, or through sudo. sudo's ticket is kept alive while we run."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Sequence

from supervisor import SupervisorError

TICKET_SECONDS = 120


def prefix() -> list[str]:
    # -n: a question from sudo in the middle of a run would hang where nobody looks.
    return [] if os.geteuid() == 0 else ["sudo", "-n"]


def become_able() -> None:
    """Ask for sudo's password now, in the foreground, when it needs one. Raises SupervisorError."""
    if os.geteuid() == 0:
        return
    if shutil.which("sudo") is None:
        raise SupervisorError("the agent needs root and sudo is not installed; run `make run` as root")
    if subprocess.run(["sudo", "-v"], check=False).returncode != 0:
        raise SupervisorError("the agent needs root and sudo refused; run `make run` as root or as a sudoer")


async def keep_able() -> None:
    """So that an agent that dies after hours can be started again without a password."""
    while os.geteuid() != 0:
        await asyncio.sleep(TICKET_SECONDS)
        process = await asyncio.create_subprocess_exec("sudo", "-n", "-v", stderr=asyncio.subprocess.DEVNULL)
        await process.wait()


def run_as_root(argv: Sequence[str], *, what: str, text: str | None = None) -> str:
    """Its stdout. Raises SupervisorError with its last line."""
    done = subprocess.run([*prefix(), *argv], input=text or "", capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise SupervisorError(f"{what} failed: {lines[-1] if lines else f'exit code {done.returncode}'}")
    return done.stdout


def kill_as_root(pid: int) -> None:
    subprocess.run([*prefix(), "kill", "-KILL", str(pid)], check=False, stderr=subprocess.DEVNULL)

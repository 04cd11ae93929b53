"""Who may be left out of sessions with all its children: only a process that started this agent as root, named on the
agent's command line. Nothing that a process says of itself counts, or it could hide from being traced.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from agent.kernel.processes import NoProcessError, find_process


class SupervisorError(ValueError):
    """It did not start this agent. The text is one line for people."""


def check_supervisor(pid: int) -> int:
    """The same number; 0 stands for none. Raises SupervisorError."""
    if pid and pid not in _ancestors():
        raise SupervisorError(f"--supervisor {pid}: that process did not start this agent; leave the option out")
    return pid


def _ancestors() -> Iterator[int]:
    """Nearest first, without the first process of the host, which all descend from."""
    pid = os.getppid()
    while pid > 1:
        yield pid
        try:
            pid = find_process(pid).ppid
        except NoProcessError:
            return

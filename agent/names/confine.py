"""What the answering processes may do: read, as nobody in particular, for two seconds of CPU a question. They cannot
write to any file.
"""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Mapping

from agent.capabilities import (
    CAP_CHECKPOINT_RESTORE,
    CAP_DAC_READ_SEARCH,
    CAP_SYS_PTRACE,
    PR_SET_KEEPCAPS,
    PR_SET_PDEATHSIG,
    bound,
    hold,
    last_capability,
    prctl,
)

CPU_SECONDS = 2
MEMORY_BYTES = 1 << 30
NICENESS = 5
_KEPT = {CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE, CAP_CHECKPOINT_RESTORE}
_ALWAYS = {
    resource.RLIMIT_AS: MEMORY_BYTES,
    resource.RLIMIT_FSIZE: 0,
    resource.RLIMIT_CORE: 0,
    resource.RLIMIT_NOFILE: 64,
}
_ANSWER = {resource.RLIMIT_CPU: CPU_SECONDS, resource.RLIMIT_NPROC: 0}


def confine(uid: int, gid: int, parent: int) -> None:
    """Keeps what it takes to read what root may read, to look into /proc of others' processes, and to open the very
    files that they have mapped.

    Raises OSError; ProcessLookupError when the warden is gone already.
    """
    os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
    _limit(_ALWAYS)
    keep = _KEPT if last_capability() >= CAP_CHECKPOINT_RESTORE else _KEPT - {CAP_CHECKPOINT_RESTORE}
    bound(keep)
    prctl(PR_SET_KEEPCAPS, 1)
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    hold(keep)
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise ProcessLookupError("the warden is gone")


def limit_answer() -> None:
    """For the fork that answers: so much CPU, no process of its own, and no life after its parent's."""
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    _limit(_ANSWER)


def _limit(bounds: Mapping[int, int]) -> None:
    for which, most in bounds.items():
        resource.setrlimit(which, (most, most))

"""Giving up root for good: one unprivileged user, no further group, no capability and no way back."""

from __future__ import annotations

import os
import signal

from agent.capabilities import PR_SET_DUMPABLE, PR_SET_PDEATHSIG, bound, hold, prctl
from agent.link.account import Account


def drop(account: Account, parent: int) -> None:
    """Become ``account``. Raises OSError; ends the process when its parent is gone already.

    The parent-death signal is set last, because the kernel clears it when the user changes.
    """
    bound(())
    os.setgroups([])
    os.setresgid(account.gid, account.gid, account.gid)
    os.setresuid(account.uid, account.uid, account.uid)
    hold(())
    prctl(PR_SET_DUMPABLE, 0)
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise ProcessLookupError("the warden is gone")

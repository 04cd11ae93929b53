"""Kernel file systems that tracing needs, mounted where a host lacks them.

A container, a network namespace made by ``ip netns exec`` or a bare host may have none of them. They are mounted in a
mount namespace of the agent's own: nobody else on the host sees them, and they go when the agent's last process ends.
"""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass
from pathlib import Path

_CLONE_NEWNS = 0x00020000
_MS_REC, _MS_SLAVE = 0x4000, 0x80000

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class KernelMount:
    point: str
    type: str
    required: bool


_WANTED = (
    KernelMount("/sys/kernel/debug", "debugfs", required=False),
    KernelMount("/sys/kernel/tracing", "tracefs", required=True),
    KernelMount("/sys/fs/bpf", "bpf", required=False),
)


def ensure_mounts() -> list[str]:
    """Mount what is absent and say what was mounted. Needs root.

    Call it before any thread starts: threads keep their namespace. Raises OSError when tracefs cannot be had.
    """
    absent = [mount for mount in _WANTED if not os.path.ismount(mount.point)]
    if not absent:
        return []
    _enter_own_namespace()
    return [mount.point for mount in absent if _mount(mount)]


def _enter_own_namespace() -> None:
    _check(_libc.unshare(_CLONE_NEWNS), "cannot make a mount namespace")
    # Slave: the host's later mounts still arrive here, ours never leave.
    _check(
        _libc.mount(b"none", b"/", None, _MS_REC | _MS_SLAVE, None), "cannot detach the agent's mounts from the host"
    )


def _mount(mount: KernelMount) -> bool:
    if not mount.required and not Path(mount.point).is_dir():
        return False
    failed = _libc.mount(mount.type.encode(), mount.point.encode(), mount.type.encode(), 0, None)
    if failed and mount.required:
        _check(failed, f"cannot mount {mount.type} on {mount.point}, without which nothing can be traced")
    return not failed


def _check(result: int, message: str) -> None:
    if result:
        error = ctypes.get_errno()
        raise OSError(error, f"{message}: {os.strerror(error)}; the agent needs root and CAP_SYS_ADMIN")

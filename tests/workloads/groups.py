"""Control groups that look like those of container engines, Kubernetes and systemd, for processes of the test."""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import signal
import struct
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agent.kernel.cgroups import Hierarchy, hierarchies

_CLONE3 = {"x86_64": 435, "aarch64": 435}
_CLONE_ARGS = struct.Struct(
    "=11Q"
)  # linux/sched.h: flags ... exit_signal, stack, stack_size, tls, set_tid, set_tid_size


def container_id() -> str:
    return uuid.uuid4().hex + uuid.uuid4().hex


def hierarchy(controller: str = "") -> Hierarchy:
    return next(tree for tree in hierarchies() if tree.controller == controller)


@contextmanager
def group(path: str, controller: str = "") -> Iterator[Path]:
    """The folder of a new group somewhere below a folder of this test; whatever runs in it must end before."""
    top = hierarchy(controller).root / f"fleetscope-test-{uuid.uuid4().hex[:8]}"
    folder = top / path
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        for found, _, _ in os.walk(top, topdown=False):
            Path(found).rmdir()


def join(folder: Path, *pids: int) -> None:
    for pid in pids:
        (folder / "cgroup.procs").write_text(str(pid))


@contextmanager
def host_file(path: Path, text: str) -> Iterator[None]:
    """A file that an engine would keep on this machine; folders that were not there go with it."""
    missing = next((parent for parent in [*reversed(path.parents), path] if not parent.exists()), path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    try:
        yield
    finally:
        if missing == path:
            path.unlink()
        else:
            shutil.rmtree(missing)


def spawn_as(pid: int, command: list[str]) -> None:
    """Start a process that gets exactly this number, which must be free; it is a child of this one."""
    wanted = (ctypes.c_int * 1)(pid)
    arguments = _CLONE_ARGS.pack(0, 0, 0, 0, signal.SIGCHLD, 0, 0, 0, ctypes.addressof(wanted), 1, 0)
    libc = ctypes.CDLL(None, use_errno=True)
    made = libc.syscall(_CLONE3[platform.machine()], arguments, len(arguments))
    if made == 0:
        try:
            os.execv(command[0], command)
        finally:
            os._exit(127)
    if made < 0:
        raise OSError(ctypes.get_errno(), f"no process with number {pid}")

"""Whose processes a host never shows, beside those of some users: by the program that they run, by control group.

A program is known to BPF by its inode number and the device of its file system, as the kernel counts them. Not every
file system tells both: overlayfs gives a file other numbers than the kernel sees at an exec, so its files are refused.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.kernel.cgroups import HOST, Group, Hierarchy, hierarchies
from agent.kernel.processes import PROC, thread_group
from proto.v1.agent_pb2 import Hidden

# Where st_ino is the kernel's i_ino for every file.
_PLAIN = frozenset({"ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "tmpfs", "rootfs"})
_DELETED = " (deleted)"
# Of the namespace in which HOST shows files.
_MOUNTS = Path("/proc/self/mountinfo" if Path("/") == HOST else "/proc/1/mountinfo")
_DEVICE, _TYPE = 2, 0  # fields of /proc/PID/mountinfo, the latter behind the hyphen (proc_pid_mountinfo(5))


class HiddenError(OSError):
    """What the policy names cannot be told apart here. The text is one line for people."""


@dataclass(frozen=True, slots=True)
class File:
    """As the kernel knows it: ``device`` is the s_dev of its super block."""

    inode: int
    device: int


def unified(trees: Sequence[Hierarchy] | None = None) -> Hierarchy:
    """Raises HiddenError where cgroup v2 is not mounted."""
    for tree in hierarchies() if trees is None else trees:
        if not tree.controller:
            return tree
    raise HiddenError(
        "cgroup v2 is not mounted here, and `never_trace.cgroups` of this host's policy needs it; mount it"
    )


def groups(hidden: Hidden, tree: Hierarchy) -> Iterator[Group]:
    """Those of the listed control groups that are there."""
    for path in hidden.cgroups:
        below = path.strip("/")
        try:
            yield Group(tree, below, (tree.root / below).stat().st_ino)
        except FileNotFoundError:
            continue


def within(group: Group, hidden: Hidden) -> bool:
    """It is listed, or lies below one that is; of v1, those of the same path."""
    return any(f"{group.path}/".startswith(f"{path.strip('/')}/") for path in hidden.cgroups)


def kernel_file(path: str) -> File | None:
    """None: there is no such file. Raises HiddenError."""
    try:
        descriptor = os.open(HOST / path.lstrip("/"), os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise HiddenError(
            f"{path}, which this host's policy never traces, cannot be looked at: {error.strerror}"
        ) from error
    try:
        device, kind = _mount_of(descriptor)
        if kind not in _PLAIN:
            raise HiddenError(
                f"{path} lies on {kind}, where the kernel knows files by other numbers than programs do; "
                "take it out of `never_trace.binaries`, or list its users or control group instead"
            )
        return File(os.fstat(descriptor).st_ino, device)
    finally:
        os.close(descriptor)


def hidden_pids(hidden: Hidden) -> set[int]:
    """Of all processes that run now. Raises HiddenError."""
    found = set(_running(hidden)) if hidden.binaries else set()
    if hidden.cgroups:
        for group in groups(hidden, unified()):
            found.update(group.pids())
    return found


def is_hidden(number: int, hidden: Hidden) -> bool:
    """Of a process or thread. Raises HiddenError."""
    if runs_hidden(number, hidden):
        return True
    if not hidden.cgroups:
        return False
    process = thread_group(number)
    return any(process in group.pids() for group in groups(hidden, unified()))


def runs_hidden(pid: int, hidden: Hidden) -> bool:
    """The process runs one of the listed programs, also one whose file is gone meanwhile."""
    return _runs(pid, _stats(hidden), set(hidden.binaries))


def _running(hidden: Hidden) -> Iterator[int]:
    files, paths = _stats(hidden), set(hidden.binaries)
    for name in os.listdir(PROC):  # noqa: PTH208 (a Path for each of thousands would cost more than the reading)
        if name.isdecimal() and _runs(int(name), files, paths):
            yield int(name)


def _runs(pid: int, files: set[tuple[int, int]], paths: set[str]) -> bool:
    link = PROC / f"{pid}/exe"
    try:
        found = link.stat()
        text = os.readlink(link)  # noqa: PTH115 (a Path would lose a trailing blank)
    except PermissionError:
        return True  # whoever cannot tell does not show it
    except OSError:
        return False  # a thread of the kernel, or ended
    return (found.st_dev, found.st_ino) in files or (text.endswith(_DELETED) and text[: -len(_DELETED)] in paths)


def _stats(hidden: Hidden) -> set[tuple[int, int]]:
    return set(filter(None, map(identity, hidden.binaries)))


def host_root() -> int:
    """A descriptor by which the host's files are found also by who may not look at its first process any more."""
    return os.open(HOST, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)


def identity(path: str, root: int | None = None) -> tuple[int, int] | None:
    """Of the file that is there now, as programs see it; None: there is none. ``root``: of ``host_root``."""
    try:
        stat = (HOST / path.lstrip("/")).stat() if root is None else os.stat(path.lstrip("/"), dir_fd=root)
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def _mount_of(descriptor: int) -> tuple[int, str]:
    """The kernel's number of the device (MKDEV of linux/kdev_t.h), and the type of the file system."""
    about = Path(f"/proc/self/fdinfo/{descriptor}").read_text()
    mount = next(line.split()[1] for line in about.splitlines() if line.startswith("mnt_id:"))
    for line in _MOUNTS.read_text("utf-8", "replace").splitlines():
        head, _, tail = line.partition(" - ")
        fields = head.split()
        if fields[0] == mount:
            major, _, minor = fields[_DEVICE].partition(":")
            return int(major) << 20 | int(minor), tail.split()[_TYPE]
    raise HiddenError(f"the mount {mount} of a file that is never traced is not in this agent's mount namespace")

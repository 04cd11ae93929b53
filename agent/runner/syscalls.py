"""Names of system calls. Imports bcc, whose table ends where numbers became the same on every architecture."""

from __future__ import annotations

import ast
import platform
from importlib.util import find_spec
from pathlib import Path

# Kernel: scripts/syscall.tbl; from 424 on one list for all architectures.
_FIRST_COMMON = 424
_COMMON = """
pidfd_send_signal io_uring_setup io_uring_enter io_uring_register open_tree move_mount fsopen fsconfig fsmount fspick
pidfd_open clone3 close_range openat2 pidfd_getfd faccessat2 process_madvise epoll_pwait2 mount_setattr quotactl_fd
landlock_create_ruleset landlock_add_rule landlock_restrict_self memfd_secret process_mrelease futex_waitv
set_mempolicy_home_node cachestat fchmodat2 map_shadow_stack futex_wake futex_wait futex_requeue statmount listmount
lsm_get_self_attr lsm_set_self_attr lsm_list_modules mseal setxattrat getxattrat listxattrat removexattrat
open_tree_attr file_getattr file_setattr
"""


def _table() -> dict[int, bytes]:
    """BCC's, read where it stands: when its module is imported it runs the first `ausyscall` on the path, as root. The
    table is that of x86-64; on others the answer of that program is all there is."""
    found = find_spec("bcc.syscall")
    if platform.machine() != "x86_64" or found is None or found.origin is None:
        from bcc.syscall import syscalls

        return dict(syscalls)
    for statement in ast.parse(Path(found.origin).read_bytes()).body:
        match statement:
            case ast.Assign(targets=[ast.Name("syscalls")], value=ast.Dict()):
                return dict(ast.literal_eval(statement.value))
    return {}


_NAMES = {
    **{number: name.decode() for number, name in _table().items()},
    **dict(enumerate(_COMMON.split(), _FIRST_COMMON)),
}


def syscall_name(number: int) -> str:
    """``syscall_<number>`` for one that is newer than the table."""
    return _NAMES.get(number) or f"syscall_{number}"

"""Names of system calls. Imports bcc, whose table is as old as the distribution; newer calls are known here."""

from __future__ import annotations

from bcc.syscall import syscalls

# Added to Linux after Debian 12's table was made; one number on all architectures (scripts/syscall.tbl).
_NEWER = {
    451: "cachestat",
    452: "fchmodat2",
    453: "map_shadow_stack",
    454: "futex_wake",
    455: "futex_wait",
    456: "futex_requeue",
    457: "statmount",
    458: "listmount",
    459: "lsm_get_self_attr",
    460: "lsm_set_self_attr",
    461: "lsm_list_modules",
    462: "mseal",
    463: "setxattrat",
    464: "getxattrat",
    465: "listxattrat",
    466: "removexattrat",
    467: "open_tree_attr",
    468: "file_getattr",
    469: "file_setattr",
}


def syscall_name(number: int) -> str:
    name = syscalls.get(number)
    return str(name.decode()) if name else _NEWER.get(number, f"syscall_{number}")

// How a call is followed to its return: include/calls.h.
static __always_inline int enter(u32 number, s32 folder, const char *path)
{
    struct fs_call call = {.path = path, .number = number, .folder = folder};

    return fs_skip() ? 0 : fs_call_enter(&call);
}

static __always_inline int leave(long ret)
{
    struct fs_call call;
    struct stats row = {};

    if (!fs_call_leave(&call) || (FAILED_ONLY && ret >= 0))
        return 0;
    FS_CALLER(row, ret);
    row.call = call.number;
#ifdef STATS_HAS_FOLDER
    if (fs_is_relative(call.path))
        fs_folder_of(call.folder, row.folder);
#endif
    stats_emit_user_str(&row, call.path);
    return 0;
}

TRACEPOINT_PROBE(syscalls, sys_enter_newfstatat)
{
    return enter(args->__syscall_nr, args->dfd, args->filename);
}

TRACEPOINT_PROBE(syscalls, sys_exit_newfstatat)
{
    return leave(args->ret);
}

TRACEPOINT_PROBE(syscalls, sys_enter_statx)
{
    return enter(args->__syscall_nr, args->dfd, args->filename);
}

TRACEPOINT_PROBE(syscalls, sys_exit_statx)
{
    return leave(args->ret);
}

TRACEPOINT_PROBE(syscalls, sys_enter_statfs)
{
    return enter(args->__syscall_nr, FS_HERE, args->pathname);
}

TRACEPOINT_PROBE(syscalls, sys_exit_statfs)
{
    return leave(args->ret);
}

#ifdef HAS_SYS_ENTER_NEWSTAT
TRACEPOINT_PROBE(syscalls, sys_enter_newstat)
{
    return enter(args->__syscall_nr, FS_HERE, args->filename);
}

TRACEPOINT_PROBE(syscalls, sys_exit_newstat)
{
    return leave(args->ret);
}
#endif

#ifdef HAS_SYS_ENTER_NEWLSTAT
TRACEPOINT_PROBE(syscalls, sys_enter_newlstat)
{
    return enter(args->__syscall_nr, FS_HERE, args->filename);
}

TRACEPOINT_PROBE(syscalls, sys_exit_newlstat)
{
    return leave(args->ret);
}
#endif

// The pointer to the path is kept at entry and read at return: by then the kernel has read it too, so its page is there.
struct start {
    const char *path;
    u32 call;
};

BPF_HASH(starts, u32, struct start, 65536);

static __always_inline int enter(u32 call, const char *path)
{
    u32 tid = fs_tid();
    struct start start = {.path = path, .call = call};

    if (fs_skip())
        return 0;
    if (starts.update(&tid, &start))
        fs_lose(FS_LOST_MAP_FULL);
    return 0;
}

static __always_inline int leave(long ret)
{
    u32 tid = fs_tid();
    struct start *start = starts.lookup(&tid);
    struct stats row = {};

    if (!start)
        return 0;
    const char *path = start->path;
    row.call = start->call;
    starts.delete(&tid);
    if (FAILED_ONLY && ret >= 0)
        return 0;
    row.time = bpf_ktime_get_boot_ns();
    row.pid = fs_pid();
    row.tid = tid;
    row.uid = fs_uid();
    row.cgroup = bpf_get_current_cgroup_id();
    row.err = ret < 0 ? -ret : 0;
    bpf_get_current_comm(row.comm, sizeof(row.comm));
    stats_emit_user_str(&row, path);
    return 0;
}

TRACEPOINT_PROBE(syscalls, sys_enter_newfstatat)
{
    return enter(args->__syscall_nr, args->filename);
}

TRACEPOINT_PROBE(syscalls, sys_exit_newfstatat)
{
    return leave(args->ret);
}

TRACEPOINT_PROBE(syscalls, sys_enter_statx)
{
    return enter(args->__syscall_nr, args->filename);
}

TRACEPOINT_PROBE(syscalls, sys_exit_statx)
{
    return leave(args->ret);
}

TRACEPOINT_PROBE(syscalls, sys_enter_statfs)
{
    return enter(args->__syscall_nr, args->pathname);
}

TRACEPOINT_PROBE(syscalls, sys_exit_statfs)
{
    return leave(args->ret);
}

#ifdef HAS_SYS_ENTER_NEWSTAT
TRACEPOINT_PROBE(syscalls, sys_enter_newstat)
{
    return enter(args->__syscall_nr, args->filename);
}

TRACEPOINT_PROBE(syscalls, sys_exit_newstat)
{
    return leave(args->ret);
}
#endif

#ifdef HAS_SYS_ENTER_NEWLSTAT
TRACEPOINT_PROBE(syscalls, sys_enter_newlstat)
{
    return enter(args->__syscall_nr, args->filename);
}

TRACEPOINT_PROBE(syscalls, sys_exit_newlstat)
{
    return leave(args->ret);
}
#endif

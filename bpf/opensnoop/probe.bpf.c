// The pointer is kept when the call starts and the string read when it returns: by then the kernel has read it too, so
// its page is there. That gives whole paths, in all four calls that open a file.
#include <linux/fcntl.h>

struct start {
    const char *path;
    u32 flags;
};

BPF_HASH(starts, u32, struct start, 65536);

static __always_inline bool unwanted(u32 flags)
{
    u32 access = flags & O_ACCMODE;

    if (ACCESS == ACCESS_READ)
        return access == O_WRONLY;
    if (ACCESS == ACCESS_WRITE)
        return access == O_RDONLY;
    if (ACCESS == ACCESS_CREATE)
        return !(flags & O_CREAT);
    return false;
}

static __always_inline int enter(const char *path, u32 flags)
{
    u32 tid = fs_tid();
    struct start start = {.path = path, .flags = flags};

    if (fs_skip() || unwanted(flags))
        return 0;
    if (starts.update(&tid, &start))
        fs_lose(FS_LOST_MAP_FULL);
    return 0;
}

static __always_inline int leave(long ret)
{
    u32 tid = fs_tid();
    struct start *start = starts.lookup(&tid);
    struct opens row = {};

    if (!start)
        return 0;
    const char *path = start->path;
    row.flags = start->flags;
    starts.delete(&tid);
    if (FAILED_ONLY && ret >= 0)
        return 0;
    row.time = bpf_ktime_get_boot_ns();
    row.pid = fs_pid();
    row.tid = tid;
    row.uid = fs_uid();
    row.cgroup = bpf_get_current_cgroup_id();
    row.fd = ret < 0 ? -1 : ret;
    row.err = ret < 0 ? -ret : 0;
    bpf_get_current_comm(row.comm, sizeof(row.comm));
    opens_emit_user_str(&row, path);
    return 0;
}

TRACEPOINT_PROBE(syscalls, sys_enter_openat)
{
    return enter(args->filename, args->flags);
}

TRACEPOINT_PROBE(syscalls, sys_exit_openat)
{
    return leave(args->ret);
}

#ifdef HAS_SYS_ENTER_OPENAT2
TRACEPOINT_PROBE(syscalls, sys_enter_openat2)
{
    u64 flags = 0; // first member of struct open_how

    bpf_probe_read_user(&flags, sizeof(flags), args->how);
    return enter(args->filename, flags);
}

TRACEPOINT_PROBE(syscalls, sys_exit_openat2)
{
    return leave(args->ret);
}
#endif

#ifdef HAS_SYS_ENTER_OPEN
TRACEPOINT_PROBE(syscalls, sys_enter_open)
{
    return enter(args->filename, args->flags);
}

TRACEPOINT_PROBE(syscalls, sys_exit_open)
{
    return leave(args->ret);
}
#endif

#ifdef HAS_SYS_ENTER_CREAT
TRACEPOINT_PROBE(syscalls, sys_enter_creat)
{
    return enter(args->pathname, O_CREAT | O_WRONLY | O_TRUNC);
}

TRACEPOINT_PROBE(syscalls, sys_exit_creat)
{
    return leave(args->ret);
}
#endif

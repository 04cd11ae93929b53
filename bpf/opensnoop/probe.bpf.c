// All four calls that open a file; how a call is followed to its return: include/calls.h.
#include <linux/fcntl.h>

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

static __always_inline int enter(s32 folder, const char *path, u32 flags)
{
    struct fs_call call = {.path = path, .folder = folder, .asked = {flags}};

    if (fs_skip() || unwanted(flags))
        return 0;
    return fs_call_enter(&call);
}

static __always_inline int leave(long ret)
{
    struct fs_call call;
    struct opens row = {};

    if (!fs_call_leave(&call) || (FAILED_ONLY && ret >= 0))
        return 0;
    FS_CALLER(row, ret);
    row.flags = call.asked[0];
    row.fd = ret < 0 ? -1 : ret;
#ifdef OPENS_HAS_FOLDER
    if (fs_is_relative(call.path))
        fs_folder_of(call.folder, row.folder);
#endif
    opens_emit_user_str(&row, call.path);
    return 0;
}

TRACEPOINT_PROBE(syscalls, sys_enter_openat)
{
    return enter(args->dfd, args->filename, args->flags);
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
    return enter(args->dfd, args->filename, flags);
}

TRACEPOINT_PROBE(syscalls, sys_exit_openat2)
{
    return leave(args->ret);
}
#endif

#ifdef HAS_SYS_ENTER_OPEN
TRACEPOINT_PROBE(syscalls, sys_enter_open)
{
    return enter(FS_HERE, args->filename, args->flags);
}

TRACEPOINT_PROBE(syscalls, sys_exit_open)
{
    return leave(args->ret);
}
#endif

#ifdef HAS_SYS_ENTER_CREAT
TRACEPOINT_PROBE(syscalls, sys_enter_creat)
{
    return enter(FS_HERE, args->pathname, O_CREAT | O_WRONLY | O_TRUNC);
}

TRACEPOINT_PROBE(syscalls, sys_exit_creat)
{
    return leave(args->ret);
}
#endif

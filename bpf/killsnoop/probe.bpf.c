// How a call is followed to its return: include/calls.h.
#include <linux/pid.h>

typedef void siginfo_t; // only pointed to

// ``asked``: the target, the thread of it that is meant, if any, and the signal.
static __always_inline int enter(u32 number, s32 tpid, u32 ttid, u32 sig)
{
    struct fs_call call = {.number = number, .asked = {tpid, ttid, sig}};

    if (fs_skip() || (SIGNAL && sig != SIGNAL) || (TARGET && tpid != TARGET))
        return 0;
    return fs_call_enter(&call);
}

static __always_inline int leave(long ret)
{
    struct fs_call call;
    struct signals row = {};

    if (!fs_call_leave(&call) || (FAILED_ONLY && ret >= 0))
        return 0;
    FS_CALLER(row, ret);
    row.tpid = call.asked[0];
    row.ttid = call.asked[1];
    row.sig = call.asked[2];
    row.call = call.number;
    signals_emit(&row);
    return 0;
}

// Of the thread itself: the process that a thread belongs to is not in the call.
static __always_inline s32 of_pidfd(u32 fd)
{
    struct file *file = fs_file(fd);
    struct inode *inode = fs_inode(file);
    struct pid *pid = 0;
    s32 number = 0;

    // Since Linux 6.9 a pidfd has an inode of its own, which holds the pid (fs/pidfs.c); before, the file held it.
    bpf_probe_read_kernel(&pid, sizeof(pid), &inode->i_private);
    if (!pid)
        bpf_probe_read_kernel(&pid, sizeof(pid), &file->private_data);
    bpf_probe_read_kernel(&number, sizeof(number), &pid->numbers[0].nr);
    return number;
}

TRACEPOINT_PROBE(syscalls, sys_enter_kill)
{
    return enter(args->__syscall_nr, args->pid, 0, args->sig);
}

TRACEPOINT_PROBE(syscalls, sys_exit_kill)
{
    return leave(args->ret);
}

TRACEPOINT_PROBE(syscalls, sys_enter_tkill)
{
    return enter(args->__syscall_nr, args->pid, args->pid, args->sig);
}

TRACEPOINT_PROBE(syscalls, sys_exit_tkill)
{
    return leave(args->ret);
}

TRACEPOINT_PROBE(syscalls, sys_enter_tgkill)
{
    return enter(args->__syscall_nr, args->tgid, args->pid, args->sig);
}

TRACEPOINT_PROBE(syscalls, sys_exit_tgkill)
{
    return leave(args->ret);
}

TRACEPOINT_PROBE(syscalls, sys_enter_rt_sigqueueinfo)
{
    return enter(args->__syscall_nr, args->pid, 0, args->sig);
}

TRACEPOINT_PROBE(syscalls, sys_exit_rt_sigqueueinfo)
{
    return leave(args->ret);
}

#ifdef HAS_SYS_ENTER_RT_TGSIGQUEUEINFO
TRACEPOINT_PROBE(syscalls, sys_enter_rt_tgsigqueueinfo)
{
    return enter(args->__syscall_nr, args->tgid, args->pid, args->sig);
}

TRACEPOINT_PROBE(syscalls, sys_exit_rt_tgsigqueueinfo)
{
    return leave(args->ret);
}
#endif

#ifdef HAS_SYS_ENTER_PIDFD_SEND_SIGNAL
TRACEPOINT_PROBE(syscalls, sys_enter_pidfd_send_signal)
{
    return enter(args->__syscall_nr, of_pidfd(args->pidfd), 0, args->sig);
}

TRACEPOINT_PROBE(syscalls, sys_exit_pidfd_send_signal)
{
    return leave(args->ret);
}
#endif

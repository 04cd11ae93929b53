// What the call was asked is kept at entry; the row is written at return, when its outcome is known.
#include <linux/pid.h>

typedef void siginfo_t; // only pointed to

struct sent {
    s32 tpid;
    u32 ttid;
    u32 sig;
    u32 call;
};

BPF_HASH(calls, u32, struct sent, 16384);

static __always_inline int enter(u32 call, s32 tpid, u32 ttid, u32 sig)
{
    u32 tid = fs_tid();
    struct sent sent = {.tpid = tpid, .ttid = ttid, .sig = sig, .call = call};

    if (fs_skip() || (SIGNAL && sig != SIGNAL) || (TARGET && tpid != TARGET))
        return 0;
    if (calls.update(&tid, &sent))
        fs_lose(FS_LOST_MAP_FULL);
    return 0;
}

static __always_inline int leave(long ret)
{
    u32 tid = fs_tid();
    struct sent *sent = calls.lookup(&tid);
    struct signals row = {};

    if (!sent)
        return 0;
    row.tpid = sent->tpid;
    row.ttid = sent->ttid;
    row.sig = sent->sig;
    row.call = sent->call;
    calls.delete(&tid);
    if (FAILED_ONLY && ret >= 0)
        return 0;
    row.time = bpf_ktime_get_boot_ns();
    row.pid = fs_pid();
    row.tid = tid;
    row.uid = fs_uid();
    row.cgroup = bpf_get_current_cgroup_id();
    row.err = ret < 0 ? -ret : 0;
    bpf_get_current_comm(row.comm, sizeof(row.comm));
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

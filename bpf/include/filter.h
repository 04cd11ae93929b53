// The common filters: FS_PID, FS_TID, FS_UID, FS_CGROUP, FS_PPID are numbers given as -D; the program name is a map value.
#ifdef FS_PPID
#include <linux/sched.h>
#endif

#define FS_COMM_BYTES 16

struct fs_comm {
    char name[FS_COMM_BYTES];
};

#ifdef FS_COMM
BPF_ARRAY(fs_comm_wanted, struct fs_comm, 1);
#endif
#if !defined(FS_PID) && !defined(FS_TID)
BPF_HASH(fs_skip_pids, u32, u8, 64);
#endif

#ifdef FS_COMM
static __always_inline bool fs_other_comm(void)
{
    struct fs_comm have = {};
    int first = 0;
    struct fs_comm *want = fs_comm_wanted.lookup(&first);

    if (!want)
        return true;
    bpf_get_current_comm(&have, sizeof(have));
    u64 *a = (u64 *)have.name, *b = (u64 *)want->name;
    return a[0] != b[0] || a[1] != b[1];
}
#endif

#ifdef FS_PPID
static __always_inline bool fs_other_parent(void)
{
    struct task_struct *task = (void *)bpf_get_current_task(), *parent = 0;
    u32 ppid = 0;

    bpf_probe_read_kernel(&parent, sizeof(parent), &task->real_parent);
    bpf_probe_read_kernel(&ppid, sizeof(ppid), &parent->tgid);
    return ppid != FS_PPID;
}
#endif

// True when the current task is not wanted: another one than the filters name, or the agent itself.
static __always_inline bool fs_skip(void)
{
#ifdef FS_PID
    if (fs_pid() != FS_PID)
        return true;
#endif
#ifdef FS_TID
    if (fs_tid() != FS_TID)
        return true;
#endif
#ifdef FS_UID
    if (fs_uid() != FS_UID)
        return true;
#endif
#ifdef FS_CGROUP
    if (bpf_get_current_cgroup_id() != FS_CGROUP)
        return true;
#endif
#ifdef FS_COMM
    if (fs_other_comm())
        return true;
#endif
#ifdef FS_PPID
    if (fs_other_parent())
        return true;
#endif
#if !defined(FS_PID) && !defined(FS_TID)
    u32 pid = fs_pid();
    if (fs_skip_pids.lookup(&pid))
        return true;
#endif
    return false;
}

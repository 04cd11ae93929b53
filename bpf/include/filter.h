// The common filters: FS_PID, FS_TID, FS_UID, FS_CGROUP, FS_PPID are numbers given as -D; the program name is a map value.
#if defined(FS_PPID) || defined(FS_TASKS)
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
static __always_inline bool fs_other_parent(struct task_struct *task)
{
    struct task_struct *parent = 0;
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
    if (fs_other_parent((void *)bpf_get_current_task()))
        return true;
#endif
#if !defined(FS_PID) && !defined(FS_TID)
    u32 pid = fs_pid();
    if (fs_skip_pids.lookup(&pid))
        return true;
#endif
    return false;
}

#ifdef FS_TASKS
// For tools whose rows are about another task than the current one, and which ask for it with FS_TASKS.
static __always_inline bool fs_skip_ids(struct task_struct *task)
{
    u32 pid = 0, tid = 0;

    bpf_probe_read_kernel(&pid, sizeof(pid), &task->tgid);
    bpf_probe_read_kernel(&tid, sizeof(tid), &task->pid);
#ifdef FS_PID
    if (pid != FS_PID)
        return true;
#endif
#ifdef FS_TID
    if (tid != FS_TID)
        return true;
#endif
#if !defined(FS_PID) && !defined(FS_TID)
    if (fs_skip_pids.lookup(&pid))
        return true;
#endif
    return false;
}

#ifdef FS_COMM
static __always_inline bool fs_other_comm_of(struct task_struct *task)
{
    struct fs_comm have = {};
    int first = 0;
    struct fs_comm *want = fs_comm_wanted.lookup(&first);

    if (!want)
        return true;
    bpf_probe_read_kernel_str(&have, sizeof(have), task->comm);
    u64 *a = (u64 *)have.name, *b = (u64 *)want->name;
    return a[0] != b[0] || a[1] != b[1];
}
#endif

#ifdef FS_UID
static __always_inline bool fs_other_uid_of(struct task_struct *task)
{
    const struct cred *cred = 0;
    u32 uid = 0;

    bpf_probe_read_kernel(&cred, sizeof(cred), &task->real_cred);
    bpf_probe_read_kernel(&uid, sizeof(uid), &cred->uid);
    return uid != FS_UID;
}
#endif

#ifdef FS_CGROUP
static __always_inline bool fs_other_cgroup_of(struct task_struct *task)
{
    struct css_set *set = 0;
    struct cgroup *group = 0;
    struct kernfs_node *node = 0;
    u64 id = 0;

    bpf_probe_read_kernel(&set, sizeof(set), &task->cgroups);
    bpf_probe_read_kernel(&group, sizeof(group), &set->dfl_cgrp);
    bpf_probe_read_kernel(&node, sizeof(node), &group->kn);
    bpf_probe_read_kernel(&id, sizeof(id), &node->id);
    return id != FS_CGROUP;
}
#endif

// What fs_skip() says of the current task.
static __always_inline bool fs_skip_task(struct task_struct *task)
{
    bool skip = fs_skip_ids(task);

#ifdef FS_UID
    skip = skip || fs_other_uid_of(task);
#endif
#ifdef FS_CGROUP
    skip = skip || fs_other_cgroup_of(task);
#endif
#ifdef FS_COMM
    skip = skip || fs_other_comm_of(task);
#endif
#ifdef FS_PPID
    skip = skip || fs_other_parent(task);
#endif
    return skip;
}
#endif

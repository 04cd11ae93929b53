// Whom a run is about. The common filters: FS_PID, FS_TID, FS_UID and FS_PPID are numbers given as -D; names, exclusions,
// control groups and the family of a process that is followed are in maps. A task must pass all of them.
#include <linux/sched.h>

#define FS_COMM_BYTES 16

struct fs_comm {
    char name[FS_COMM_BYTES];
};

#ifdef FS_SKIPS
// Processes that are not shown: FS_SKIP for themselves, FS_SKIP_FAMILY also what they fork.
#define FS_SKIP 1
#define FS_SKIP_FAMILY 2
BPF_HASH(fs_skip_pids, u32, u8, 16384);
#endif

// Set once by BPF or user space: a number that the filters name was given to another task; the family has no room left;
// its members from before the run are all known.
#define FS_RECYCLED 0
#define FS_FAMILY_FULL 1
#define FS_SETTLED 2
BPF_ARRAY(fs_state, u64, 3);

static __always_inline bool fs_state_is(u32 which)
{
    u64 *state = fs_state.lookup(&which);

    return state && *state;
}

static __always_inline void fs_state_set(u32 which)
{
    u64 *state = fs_state.lookup(&which);

    if (state)
        *state = 1;
}

#ifdef FS_COMM
BPF_ARRAY(fs_comm_wanted, struct fs_comm, 1);
#endif
#ifdef FS_NOT_COMM
BPF_HASH(fs_not_comms, struct fs_comm, u8, 256);
#endif

#if defined(FS_COMM) || defined(FS_NOT_COMM)
static __always_inline bool fs_other_comm(struct fs_comm *have)
{
#ifdef FS_NOT_COMM
    if (fs_not_comms.lookup(have))
        return true;
#endif
#ifdef FS_COMM
    int first = 0;
    struct fs_comm *want = fs_comm_wanted.lookup(&first);

    if (!want)
        return true;
    u64 *a = (u64 *)have->name, *b = (u64 *)want->name;
    return a[0] != b[0] || a[1] != b[1];
#else
    return false;
#endif
}
#endif

// Numbers that are not wanted, all kinds in one map.
#define FS_KIND_TID 1
#define FS_KIND_UID 2
#define FS_KIND_PPID 3
#if defined(FS_NOT_TID) || defined(FS_NOT_UID) || defined(FS_NOT_PPID)
#define FS_NOT_NUMBERS
BPF_HASH(fs_not, u64, u8, 1024);

static __always_inline bool fs_not_wanted(u64 kind, u32 number)
{
    u64 key = kind << 32 | number;

    return fs_not.lookup(&key);
}

static __always_inline void fs_forget_not(u64 kind, u32 number)
{
    u64 key = kind << 32 | number;

    fs_not.delete(&key);
}
#endif

#ifdef FS_FOLLOW
// Process to the time of its start, 0 for those that lived before the run.
BPF_HASH(fs_family, u32, u64, 65536);
// Child to parent, of all forks until user space has settled who belongs to the family.
BPF_HASH(fs_births, u32, u32, 16384);
#endif

#if defined(FS_HIDDEN_FILES) || defined(FS_HIDDEN_PATHS)
// Not 0: there was no room for somebody whom this host never shows.
BPF_ARRAY(fs_hidden_full, u64, 1);

static __always_inline void fs_hide_all(void)
{
    int first = 0;
    u64 *full = fs_hidden_full.lookup(&first);

    if (full)
        *full = 1;
}

static __always_inline bool fs_all_hidden(void)
{
    int first = 0;
    u64 *full = fs_hidden_full.lookup(&first);

    return !full || *full;
}
#endif

#ifdef FS_HIDDEN_FILES
#include <linux/binfmts.h>

// Programs that this host never shows, and the processes that run them: their number to the time of their start, 0 for
// those that lived before the run.
struct fs_file {
    u64 inode;
    u64 device;
};

BPF_HASH(fs_hidden_files, struct fs_file, u8, 64);
BPF_HASH(fs_hidden, u32, u64, 65536);
#endif

static __always_inline bool fs_other_ids(u32 pid, u32 tid)
{
#ifdef FS_HIDDEN_FILES
    if (fs_hidden.lookup(&pid) || fs_all_hidden())
        return true;
#endif
#if defined(FS_FOLLOW)
    if (!fs_family.lookup(&pid))
        return true;
#elif defined(FS_PID)
    if (pid != FS_PID || fs_state_is(FS_RECYCLED))
        return true;
#endif
#ifdef FS_TID
    if (tid != FS_TID || fs_state_is(FS_RECYCLED))
        return true;
#endif
#ifdef FS_NOT_TID
    if (fs_not_wanted(FS_KIND_TID, tid))
        return true;
#endif
#ifdef FS_SKIPS
    if (fs_skip_pids.lookup(&pid))
        return true;
#endif
    return false;
}

static __always_inline bool fs_other_uid(u32 uid)
{
#ifdef FS_UID
    if (uid != FS_UID)
        return true;
#endif
#ifdef FS_NOT_UID
    if (fs_not_wanted(FS_KIND_UID, uid))
        return true;
#endif
    return false;
}

#if defined(FS_PPID) || defined(FS_NOT_PPID)
static __always_inline bool fs_other_parent(struct task_struct *task)
{
    struct task_struct *parent = 0;
    u32 ppid = 0;

    bpf_probe_read_kernel(&parent, sizeof(parent), &task->real_parent);
    bpf_probe_read_kernel(&ppid, sizeof(ppid), &parent->tgid);
#ifdef FS_NOT_PPID
    if (fs_not_wanted(FS_KIND_PPID, ppid))
        return true;
#endif
#ifdef FS_PPID
    return ppid != FS_PPID || fs_state_is(FS_RECYCLED);
#else
    return false;
#endif
}
#endif

#ifdef FS_GROUPS
// Control groups that the filters name, by hierarchy: 0 is cgroup v2, 1 the one of v1 controller FS_GROUP_CONTROLLER. The
// value has a bit for each filter that named the group. A task is in a group when its own is that or lies below it.
#define FS_GROUP_EXCLUDED 1
#define FS_GROUP_DEPTH 32 // of groups between a task's own and the one that is looked for

struct fs_group {
    u64 id;
    u64 hierarchy;
};

BPF_HASH(fs_groups, struct fs_group, u32, 4096);

static __always_inline u32 fs_group_bits(u64 id, u64 hierarchy)
{
    struct fs_group key = {.id = id, .hierarchy = hierarchy};
    u32 *bits = fs_groups.lookup(&key);

    return bits ? *bits : 0;
}

static __always_inline bool fs_other_groups(u32 bits)
{
#ifdef FS_HIDDEN_PATHS
    if (fs_all_hidden())
        return true;
#endif
    return (bits & FS_GROUP_EXCLUDED) || (bits & FS_GROUPS) != FS_GROUPS;
}

#if defined(FS_GROUP_CONTROLLER) || defined(FS_TASKS)
static __always_inline u32 fs_bits_upwards(struct cgroup *group, u64 hierarchy)
{
    struct kernfs_node *node = 0;
    u32 bits = 0;
    u64 id = 0;

    for (int step = 0; step < FS_GROUP_DEPTH && group; step++) {
        bpf_probe_read_kernel(&node, sizeof(node), &group->kn);
        bpf_probe_read_kernel(&id, sizeof(id), &node->id);
        bits |= fs_group_bits(id, hierarchy);
        // The parent's css is the first member of the parent (linux/cgroup-defs.h).
        bpf_probe_read_kernel(&group, sizeof(group), &group->self.parent);
    }
    return bits;
}

static __always_inline u32 fs_group_bits_of(struct task_struct *task)
{
    struct css_set *set = 0;
    struct cgroup *group = 0;
    u32 bits = 0;

    bpf_probe_read_kernel(&set, sizeof(set), &task->cgroups);
    bpf_probe_read_kernel(&group, sizeof(group), &set->dfl_cgrp);
#ifdef FS_GROUP_LEVELS
    bits = fs_bits_upwards(group, 0);
#endif
#ifdef FS_GROUP_CONTROLLER
    struct cgroup_subsys_state *state = 0;

    bpf_probe_read_kernel(&state, sizeof(state), &set->subsys[FS_GROUP_CONTROLLER]);
    bpf_probe_read_kernel(&group, sizeof(group), &state->cgroup);
    bits |= fs_bits_upwards(group, 1);
#endif
    return bits;
}
#endif

static __always_inline u32 fs_own_group_bits(void)
{
#ifdef FS_GROUP_CONTROLLER
    return fs_group_bits_of((void *)bpf_get_current_task());
#else
    u32 bits = 0;

    // The levels of the groups that are looked for, each once.
#define FS_LEVEL(level) bits |= fs_group_bits(bpf_get_current_ancestor_cgroup_id(level), 0);
    FS_GROUP_LEVELS
    return bits;
#endif
}
#endif

// True when the current task is not wanted: another one than the filters name, or the agent itself.
static __always_inline bool fs_skip(void)
{
    if (fs_other_ids(fs_pid(), fs_tid()))
        return true;
#if defined(FS_UID) || defined(FS_NOT_UID)
    if (fs_other_uid(fs_uid()))
        return true;
#endif
#ifdef FS_GROUPS
    if (fs_other_groups(fs_own_group_bits()))
        return true;
#endif
#if defined(FS_COMM) || defined(FS_NOT_COMM)
    struct fs_comm comm = {};

    bpf_get_current_comm(&comm, sizeof(comm));
    if (fs_other_comm(&comm))
        return true;
#endif
#if defined(FS_PPID) || defined(FS_NOT_PPID)
    if (fs_other_parent((void *)bpf_get_current_task()))
        return true;
#endif
    return false;
}

#ifdef FS_TASKS
static __always_inline u32 fs_uid_of(struct task_struct *task)
{
    const struct cred *cred = 0;
    u32 uid = 0;

    bpf_probe_read_kernel(&cred, sizeof(cred), &task->real_cred);
    bpf_probe_read_kernel(&uid, sizeof(uid), &cred->uid);
    return uid;
}

// What fs_skip() says of the current task, of another one: for tools that ask for it with FS_TASKS.
static __always_inline bool fs_skip_task(struct task_struct *task)
{
    u32 pid = 0, tid = 0;

    bpf_probe_read_kernel(&pid, sizeof(pid), &task->tgid);
    bpf_probe_read_kernel(&tid, sizeof(tid), &task->pid);
    if (fs_other_ids(pid, tid))
        return true;
#if defined(FS_UID) || defined(FS_NOT_UID)
    if (fs_other_uid(fs_uid_of(task)))
        return true;
#endif
#ifdef FS_GROUPS
    if (fs_other_groups(fs_group_bits_of(task)))
        return true;
#endif
#if defined(FS_COMM) || defined(FS_NOT_COMM)
    struct fs_comm comm = {};

    bpf_probe_read_kernel_str(&comm, sizeof(comm), task->comm);
    if (fs_other_comm(&comm))
        return true;
#endif
#if defined(FS_PPID) || defined(FS_NOT_PPID)
    if (fs_other_parent(task))
        return true;
#endif
    return false;
}
#endif

// A number that a new process gets no longer means the one that had it before.
static __always_inline void fs_forget_process(u32 pid)
{
#if defined(FS_PID) && !defined(FS_FOLLOW)
    if (pid == FS_PID)
        fs_state_set(FS_RECYCLED);
#endif
#ifdef FS_PPID
    if (pid == FS_PPID)
        fs_state_set(FS_RECYCLED);
#endif
#ifdef FS_NOT_PPID
    fs_forget_not(FS_KIND_PPID, pid);
#endif
}

static __always_inline void fs_forget_thread(u32 tid)
{
#ifdef FS_TID
    if (tid == FS_TID)
        fs_state_set(FS_RECYCLED);
#endif
#ifdef FS_NOT_TID
    fs_forget_not(FS_KIND_TID, tid);
#endif
}

static __always_inline void fs_born(u32 parent, u32 pid, u64 start)
{
#ifdef FS_SKIPS
    u8 *skip = fs_skip_pids.lookup(&parent), inherited = FS_SKIP_FAMILY;

    if (skip && *skip == FS_SKIP_FAMILY)
        fs_skip_pids.update(&pid, &inherited);
    else
        fs_skip_pids.delete(&pid);
#endif
#ifdef FS_HIDDEN_FILES
    if (!fs_hidden.lookup(&parent))
        fs_hidden.delete(&pid);
    else if (fs_hidden.update(&pid, &start))
        fs_hide_all();
#endif
#ifdef FS_FOLLOW
    if (!fs_state_is(FS_SETTLED))
        fs_births.update(&pid, &parent);
    if (!fs_family.lookup(&parent))
        fs_family.delete(&pid);
    else if (fs_family.update(&pid, &start))
        fs_state_set(FS_FAMILY_FULL);
#endif
}

// On the raw tracepoint sched_process_fork, where the new task has its numbers and has not run yet.
int fs_on_fork(struct bpf_raw_tracepoint_args *ctx)
{
    struct task_struct *maker = (void *)ctx->args[0], *task = (void *)ctx->args[1];
    u32 parent = 0, pid = 0, tid = 0;
    u64 start = 0;

    bpf_probe_read_kernel(&parent, sizeof(parent), &maker->tgid);
    bpf_probe_read_kernel(&pid, sizeof(pid), &task->tgid);
    bpf_probe_read_kernel(&tid, sizeof(tid), &task->pid);
    bpf_probe_read_kernel(&start, sizeof(start), &task->start_boottime);
    fs_forget_thread(tid);
    if (pid != tid)
        return 0;
    fs_forget_process(pid);
    fs_born(parent, pid, start);
    return 0;
}

#ifdef FS_HIDDEN_FILES
// On the raw tracepoint sched_process_exec, before the new program has run. A script is run by its interpreter.
int fs_on_exec(struct bpf_raw_tracepoint_args *ctx)
{
    struct task_struct *task = (void *)ctx->args[0];
    struct linux_binprm *program = (void *)ctx->args[2];
    struct fs_file key = {};
    struct file *file = 0;
    struct inode *inode = 0;
    struct super_block *system = 0;
    u32 pid = 0, device = 0;
    u64 start = 0;

    bpf_probe_read_kernel(&pid, sizeof(pid), &task->tgid);
    bpf_probe_read_kernel(&start, sizeof(start), &task->start_boottime);
    bpf_probe_read_kernel(&file, sizeof(file), &program->file);
    bpf_probe_read_kernel(&inode, sizeof(inode), &file->f_inode);
    bpf_probe_read_kernel(&key.inode, sizeof(key.inode), &inode->i_ino);
    bpf_probe_read_kernel(&system, sizeof(system), &inode->i_sb);
    bpf_probe_read_kernel(&device, sizeof(device), &system->s_dev);
    key.device = device;
    if (!fs_hidden_files.lookup(&key))
        fs_hidden.delete(&pid);
    else if (fs_hidden.update(&pid, &start))
        fs_hide_all();
    return 0;
}
#endif

#ifdef FS_HIDDEN_PATHS
#include <linux/cgroup.h>

// Control groups of cgroup v2 that this host never shows and that need not be there yet, by their paths.
#define FS_PATH_BYTES 256

struct fs_path {
    char text[FS_PATH_BYTES];
};

BPF_HASH(fs_hidden_paths, struct fs_path, u8, 64);

// On the raw tracepoint cgroup_mkdir, before any process can be in the new group (cgroup_mkdir() in kernel/cgroup/cgroup.c).
int fs_on_mkdir(struct bpf_raw_tracepoint_args *ctx)
{
    struct cgroup *made = (void *)ctx->args[0], *mine = 0;
    struct task_struct *task = (void *)bpf_get_current_task();
    struct css_set *set = 0;
    void *root = 0, *unified = 0;
    struct kernfs_node *node = 0;
    struct fs_group key = {};
    struct fs_path path = {};
    u32 hidden = FS_GROUP_EXCLUDED;

    bpf_probe_read_kernel(&set, sizeof(set), &task->cgroups);
    bpf_probe_read_kernel(&mine, sizeof(mine), &set->dfl_cgrp);
    bpf_probe_read_kernel(&unified, sizeof(unified), &mine->root);
    bpf_probe_read_kernel(&root, sizeof(root), &made->root);
    bpf_probe_read_kernel_str(path.text, sizeof(path.text), (void *)ctx->args[1]);
    if (root != unified || !fs_hidden_paths.lookup(&path))
        return 0;
    bpf_probe_read_kernel(&node, sizeof(node), &made->kn);
    bpf_probe_read_kernel(&key.id, sizeof(key.id), &node->id);
    if (fs_groups.update(&key, &hidden))
        fs_hide_all();
    return 0;
}
#endif

#if defined(FS_FOLLOW) || defined(FS_HIDDEN_FILES)
// On the raw tracepoint sched_process_free, long after the last event of a process; its number may have a new owner already.
int fs_on_free(struct bpf_raw_tracepoint_args *ctx)
{
    struct task_struct *task = (void *)ctx->args[0];
    u32 pid = 0, tid = 0;
    u64 start = 0;

    bpf_probe_read_kernel(&pid, sizeof(pid), &task->tgid);
    bpf_probe_read_kernel(&tid, sizeof(tid), &task->pid);
    bpf_probe_read_kernel(&start, sizeof(start), &task->start_boottime);
#ifdef FS_FOLLOW
    u64 *known = fs_family.lookup(&pid);
    if (pid == tid && known && (!*known || *known == start))
        fs_family.delete(&pid);
#endif
#ifdef FS_HIDDEN_FILES
    u64 *hidden = fs_hidden.lookup(&pid);
    if (pid == tid && hidden && (!*hidden || *hidden == start))
        fs_hidden.delete(&pid);
#endif
    return 0;
}
#endif

// The tracepoint runs in the name of the task that ends. A process ends with its last thread, which need
// not be its first: the exit status of the process is that of the group when the group was told to end.
#include <linux/sched.h>

#define CORE_DUMPED 0x80

struct group {
    u32 code;
    u32 live;
};

struct life {
    u64 start;
    u64 pid;
};

// Processes whose end was seen: two last threads that end at once may both find none left. The least recently used entry
// gives way, so nothing is lost; a process could only be shown twice if thousands of others ended between its two threads.
BPF_TABLE("lru_hash", struct life, u8, ended, 16384);

static __always_inline struct group group_of(struct task_struct *task)
{
    struct signal_struct *signal = 0;
    struct group group = {};

    bpf_probe_read_kernel(&signal, sizeof(signal), &task->signal);
    bpf_probe_read_kernel(&group.code, sizeof(group.code), &signal->group_exit_code);
    bpf_probe_read_kernel(&group.live, sizeof(group.live), &signal->live);
    return group;
}

static __always_inline u64 start_of(struct task_struct *task)
{
    u64 start = 0;

    if (!THREADS)
        bpf_probe_read_kernel(&task, sizeof(task), &task->group_leader);
    bpf_probe_read_kernel(&start, sizeof(start), &task->start_boottime);
    return start;
}

static __always_inline bool seen_before(u64 start)
{
    struct life life = {.start = start, .pid = fs_pid()};
    u8 one = 1;

    return !THREADS && ended.insert(&life, &one);
}

RAW_TRACEPOINT_PROBE(sched_process_exit)
{
    struct task_struct *task = (void *)ctx->args[0], *parent = 0;
    struct group group = group_of(task);
    struct exits row = {};
    u32 code = 0;

    // The kernel counts a thread out before it comes here, so the last one finds 0.
    if (fs_skip() || (!THREADS && group.live))
        return 0;
    bpf_probe_read_kernel(&code, sizeof(code), &task->exit_code);
    if (!THREADS && group.code)
        code = group.code;
    u64 start = start_of(task);
    if ((FAILED_ONLY && !code) || seen_before(start))
        return 0;
    row.time = bpf_ktime_get_boot_ns();
    row.pid = fs_pid();
    row.tid = fs_tid();
    row.uid = fs_uid();
    row.cgroup = bpf_get_current_cgroup_id();
    bpf_get_current_comm(row.comm, sizeof(row.comm));
    bpf_probe_read_kernel(&parent, sizeof(parent), &task->real_parent);
    bpf_probe_read_kernel(&row.ppid, sizeof(row.ppid), &parent->tgid);
    row.age = row.time - start;
    row.code = code >> 8 & 0xff;
    row.sig = code & 0x7f;
    row.core = !!(code & CORE_DUMPED);
    exits_emit(&row);
    return 0;
}

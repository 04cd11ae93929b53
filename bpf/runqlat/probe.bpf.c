// A thread begins to wait when it is woken, or when it leaves its CPU although it could go on.
#define SLEEPS 0xff // of prev_state: nothing but TASK_REPORT_MAX, which says that the thread was pushed off

struct wait {
    u64 start;
    u32 pid;
    char comm[TASK_COMM_LEN];
};

// Only what waits at this moment is in it: whoever runs, sleeps or exits is taken out.
BPF_TABLE("hash", u32, struct wait, waiting, 65536);

static __always_inline int woken(struct task_struct *task)
{
    struct wait wait = {.start = bpf_ktime_get_ns()};
    u32 tid = 0;

    if (fs_skip_task(task))
        return 0;
    bpf_probe_read_kernel(&tid, sizeof(tid), &task->pid);
    bpf_probe_read_kernel(&wait.pid, sizeof(wait.pid), &task->tgid);
    bpf_probe_read_kernel(wait.comm, sizeof(wait.comm), task->comm);
    // One that waits already, or has not even left its CPU, is sometimes woken again.
    long failed = waiting.insert(&tid, &wait);
    if (failed && failed != -EEXIST)
        fs_lose(FS_LOST_MAP_FULL);
    return 0;
}

RAW_TRACEPOINT_PROBE(sched_wakeup)
{
    return woken((void *)ctx->args[0]);
}

RAW_TRACEPOINT_PROBE(sched_wakeup_new)
{
    return woken((void *)ctx->args[0]);
}

static __always_inline void left(u32 tid, long state, u64 now)
{
    struct wait wait = {.start = now, .pid = fs_pid()};

    if (state & SLEEPS) {
        waiting.delete(&tid);
        return;
    }
    if (fs_skip())
        return;
    bpf_get_current_comm(wait.comm, sizeof(wait.comm));
    if (waiting.update(&tid, &wait))
        fs_lose(FS_LOST_MAP_FULL);
}

static __always_inline void runs(u32 tid, u64 now)
{
    struct latency_key key = {};
    struct latency_value add = {.waits = 1};
    struct wait *wait = waiting.lookup(&tid);

    if (!wait)
        return;
    add.total = now - wait->start;
    key.slot = fs_log2(add.total);
#ifdef LATENCY_HAS_PID
    key.pid = wait->pid;
    __builtin_memcpy(key.comm, wait->comm, sizeof(key.comm));
#endif
#ifdef LATENCY_HAS_TID
    key.tid = tid;
#endif
    waiting.delete(&tid);
    latency_add(&key, &add);
}

// The fourth argument, the state of the thread that leaves, is there since Linux 5.18.
RAW_TRACEPOINT_PROBE(sched_switch)
{
    struct task_struct *before = (void *)ctx->args[1], *after = (void *)ctx->args[2];
    u32 prev = 0, next = 0;
    u64 now = bpf_ktime_get_ns();

    bpf_probe_read_kernel(&prev, sizeof(prev), &before->pid);
    bpf_probe_read_kernel(&next, sizeof(next), &after->pid);
    // Each CPU has an idle thread, all of them with the number 0. Who is preempted goes on, whatever its state.
    if (prev)
        left(prev, ctx->args[0] ? 0 : ctx->args[3], now);
    if (next)
        runs(next, now);
    return 0;
}

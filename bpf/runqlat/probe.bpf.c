// A thread begins to wait when it is woken, or when it leaves its CPU although it could go on.
// A thread that does not wait.
#define ASLEEP 0
#define RUNS 1

struct thread {
    u64 since; // its wait began, or one of the two above
    u32 pid;
    u32 pad; // no hole: kernels before 6.2 refuse a value that is not written as a whole
    char comm[16]; // TASK_COMM_LEN, a name that BTF has from Linux 5.17 on
};

// All threads that are meant and have been seen; who exits is taken out. Only one CPU at a time deals with a thread: the
// scheduler holds a lock.
BPF_TABLE("hash", u32, struct thread, threads, 65536);

static __always_inline void keep(u32 tid, struct thread *now)
{
    struct thread *known = threads.lookup(&tid);

    if (known)
        *known = *now;
    else if (threads.update(&tid, now) && now->since != ASLEEP)
        fs_lose(FS_LOST_MAP_FULL);
}

static __always_inline int woken(struct task_struct *task)
{
    struct thread thread = {.since = bpf_ktime_get_ns()}, *known;
    u32 tid = 0, on_cpu = 0;

    bpf_probe_read_kernel(&on_cpu, sizeof(on_cpu), &task->on_cpu);
    // Woken before it has even left its CPU.
    if (on_cpu || fs_skip_task(task))
        return 0;
    bpf_probe_read_kernel(&tid, sizeof(tid), &task->pid);
    known = threads.lookup(&tid);
    // One that was pushed off may be woken too: it waits already.
    if (known && known->since != ASLEEP && known->since != RUNS)
        return 0;
    bpf_probe_read_kernel(&thread.pid, sizeof(thread.pid), &task->tgid);
    bpf_probe_read_kernel(thread.comm, sizeof(thread.comm), task->comm);
    keep(tid, &thread);
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

static __always_inline void left(u32 tid, bool sleeps, bool ended, u64 now)
{
    struct thread thread = {.since = sleeps ? ASLEEP : now, .pid = fs_pid()}, *known = threads.lookup(&tid);

    // It ran without having been seen to come: so its wait, too, is over.
    if (known && known->since != RUNS)
        fs_lose(FS_LOST_UNSEEN);
    if (ended || fs_skip()) {
        if (known)
            threads.delete(&tid);
        return;
    }
    bpf_get_current_comm(thread.comm, sizeof(thread.comm));
    keep(tid, &thread);
}

static __always_inline void runs(u32 tid, u64 now)
{
    struct latency_key key = {};
    struct latency_value add = {.waits = 1};
    struct thread *thread = threads.lookup(&tid);

    if (!thread)
        return;
    u64 since = thread->since;
    thread->since = RUNS;
    if (since == ASLEEP || since == RUNS) {
        fs_lose(FS_LOST_UNSEEN);
        return;
    }
    add.total = now - since;
    key.slot = fs_log2(add.total);
#ifdef LATENCY_HAS_PID
    key.pid = thread->pid;
    __builtin_memcpy(key.comm, thread->comm, sizeof(key.comm));
#endif
#ifdef LATENCY_HAS_TID
    key.tid = tid;
#endif
    latency_add(&key, &add);
}

// Each CPU has an idle thread, all of them with the number 0.
static __always_inline int change(u32 next, bool sleeps, bool ended, u64 now)
{
    u32 prev = fs_tid();

    if (prev)
        left(prev, sleeps, ended, now);
    if (next)
        runs(next, now);
    return 0;
}

#ifdef STATE_IS_TOLD
#define DEAD 0x80 // TASK_DEAD of linux/sched.h

// The fourth argument, the state of the thread that leaves, is there since Linux 5.18. Who is preempted goes on, whatever
// its state.
RAW_TRACEPOINT_PROBE(sched_switch)
{
    struct task_struct *after = (void *)ctx->args[2];
    long state = ctx->args[0] ? 0 : ctx->args[3];
    u64 now = bpf_ktime_get_ns();
    u32 next = 0;

    bpf_probe_read_kernel(&next, sizeof(next), &after->pid);
    fs_switch(ctx->args[1], ctx->args[2], now);
    return change(next, state != 0, state & DEAD, now);
}
#else
#define EXITED 0x30 // EXIT_ZOMBIE | EXIT_DEAD of linux/sched.h
// Of prev_state: nothing but TASK_REPORT_MAX, which says that the thread was pushed off (trace/events/sched.h).
#define SLEEPS 0xff

TRACEPOINT_PROBE(sched, sched_switch)
{
    u64 now = bpf_ktime_get_ns();

    fs_switch(args->prev_pid, args->next_pid, now);
    return change(args->next_pid, args->prev_state & SLEEPS, args->prev_state & EXITED, now);
}
#endif

// Threads are known by their number when they get a CPU; whose they are is known when they leave it.
BPF_TABLE("lru_hash", u32, u64, starts, 65536);

static __always_inline void left(u32 tid, u64 now)
{
    struct runs_key key = {};
    struct runs_value add = {.runs = 1};
    u64 *start = starts.lookup(&tid);

    if (!start)
        return;
    add.total = now - *start;
    key.slot = fs_log2(add.total);
#ifdef RUNS_HAS_PID
    key.pid = fs_pid();
    bpf_get_current_comm(key.comm, sizeof(key.comm));
#endif
#ifdef RUNS_HAS_TID
    key.tid = tid;
#endif
    runs_add(&key, &add);
}

TRACEPOINT_PROBE(sched, sched_switch)
{
    u32 prev = args->prev_pid, next = args->next_pid;
    u64 now = bpf_ktime_get_ns();

    // Each CPU has an idle thread, all of them with the number 0.
    if (prev && !fs_skip())
        left(prev, now);
    if (next)
        starts.update(&next, &now);
    return 0;
}

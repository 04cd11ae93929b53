// What runs on a CPU is kept for that CPU: there is one thread at a time, and it leaves where it came.
static __always_inline void left(u64 since, u64 now)
{
    struct runs_key key = {};
    struct runs_value add = {.runs = 1};

    add.total = now - since;
    key.slot = fs_log2(add.total);
#ifdef RUNS_HAS_PID
    key.pid = fs_pid();
    bpf_get_current_comm(key.comm, sizeof(key.comm));
#endif
#ifdef RUNS_HAS_TID
    key.tid = fs_tid();
#endif
    runs_add(&key, &add);
}

// The thread that leaves is still the current one. Each CPU has an idle thread, all of them with the number 0.
RAW_TRACEPOINT_PROBE(sched_switch)
{
    u64 now = bpf_ktime_get_ns(), since = fs_switch(ctx->args[1], ctx->args[2], now);

    if (!since || !fs_tid() || fs_skip())
        return 0;
    if (since == FS_UNSEEN)
        fs_lose(FS_LOST_UNSEEN);
    else
        left(since, now);
    return 0;
}

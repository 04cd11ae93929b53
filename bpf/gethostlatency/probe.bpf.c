// The pointer to the name is kept at entry and read at return: the library has read it by then, so its page is there.
struct start {
    u64 time;
    const char *host;
};

// A thread that is killed in a call leaves its entry behind, which counts when there is no room any more.
BPF_HASH(starts, u32, struct start, 16384);

int on_entry(struct pt_regs *ctx)
{
    u32 tid = fs_tid();
    struct start start = {.time = bpf_ktime_get_boot_ns(), .host = (void *)PT_REGS_PARM1(ctx)};

    if (fs_skip())
        return 0;
    if (!fs_returns())
        fs_lose(FS_LOST_UNSEEN);
    else if (starts.update(&tid, &start))
        fs_lose(FS_LOST_MAP_FULL);
    return 0;
}

static __always_inline int leave(struct pt_regs *ctx, s32 result)
{
    u32 tid = fs_tid();
    struct start *start = starts.lookup(&tid);
    struct lookups row = {};

    if (!start)
        return 0;
    const char *host = start->host;
    row.time = bpf_ktime_get_boot_ns();
    row.duration = row.time - start->time;
    starts.delete(&tid);
    if (FAILED_ONLY && !result)
        return 0;
    row.result = result;
    row.function = fs_function(ctx);
    row.pid = fs_pid();
    row.tid = tid;
    row.uid = fs_uid();
    row.cgroup = bpf_get_current_cgroup_id();
    bpf_get_current_comm(row.comm, sizeof(row.comm));
    lookups_emit_user_str(&row, host);
    return 0;
}

int on_number(struct pt_regs *ctx)
{
    return leave(ctx, PT_REGS_RC(ctx));
}

int on_pointer(struct pt_regs *ctx)
{
    return leave(ctx, PT_REGS_RC(ctx) ? 0 : -1);
}

// One program for every probe of every program: what it reads comes from tables. The cookie tells the place in the code.
int on_probe(struct pt_regs *ctx)
{
    u32 site = fs_function(ctx);
    struct hits row = {.probe = site};
    u64 values[FS_ARGS] = {};

    if (fs_skip())
        return 0;
    row.time = bpf_ktime_get_boot_ns();
    row.pid = fs_pid();
    row.tid = fs_tid();
    row.cgroup = bpf_get_current_cgroup_id();
    bpf_get_current_comm(row.comm, sizeof(row.comm));
    fs_arguments(ctx, site, 0, FS_AT_ENTRY, values);
    hits_emit_filled(&row, values);
    return 0;
}

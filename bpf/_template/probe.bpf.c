// Say here what is read where, and why there.

TRACEPOINT_PROBE(syscalls, sys_enter_clock_nanosleep)
{
    struct @name@_rows row = {};

    if (fs_skip())
        return 0;
    row.time = bpf_ktime_get_boot_ns();
    row.pid = fs_pid();
    row.clock = args->which_clock;
    row.cgroup = bpf_get_current_cgroup_id();
    bpf_get_current_comm(row.comm, sizeof(row.comm));
    @name@_rows_emit(&row);
    return 0;
}

// The event comes in the name of the task that needed memory, when the kernel has chosen a victim. Sizes are in KiB.
#define KIB 1024

TRACEPOINT_PROBE(oom, mark_victim)
{
    struct kills row = {};

    if (fs_skip())
        return 0;
    row.time = bpf_ktime_get_boot_ns();
    row.vpid = args->pid;
#ifdef DETAILS
    row.vuid = args->uid;
    row.total_vm = args->total_vm * KIB;
    row.anon = args->anon_rss * KIB;
    row.file = args->file_rss * KIB;
    row.shmem = args->shmem_rss * KIB;
    row.pgtables = args->pgtables * KIB;
    row.oom_score_adj = args->oom_score_adj;
    TP_DATA_LOC_READ_STR(row.vcomm, comm, sizeof(row.vcomm));
#endif
    row.pid = fs_pid();
    row.tid = fs_tid();
    row.uid = fs_uid();
    row.cgroup = bpf_get_current_cgroup_id();
    bpf_get_current_comm(row.comm, sizeof(row.comm));
    kills_emit(&row);
    return 0;
}

// Notices when a CPU runs no probes. Each switch starts from the thread that the switch before went to; one that starts
// from another thread means that the kernel kept something back. There are kernels that run no BPF program for chosen
// threads, nor for the interrupts that come while these have the CPU.
// FS_SWITCHES: fs_switch() for tools that have a program on sched_switch themselves; FS_WATCH: that program too, for
// tools whose events may come while any other thread has the CPU.
#ifdef FS_WATCH
#define FS_SWITCHES
#endif

#ifdef FS_SWITCHES
#define FS_UNSEEN 1

struct fs_running {
    u64 thread;
    u64 since;
};

BPF_PERCPU_ARRAY(fs_running, struct fs_running, 1);

// To be called at every switch, with anything that tells threads apart on a CPU. When the one that leaves got the CPU:
// 0 if before the run, FS_UNSEEN if no program ran then.
static __always_inline u64 fs_switch(u64 leaves, u64 comes, u64 now)
{
    int first = 0;
    u64 since = 0;
    struct fs_running *running = fs_running.lookup(&first);

    if (!running)
        return 0;
    if (running->since && running->thread != leaves) {
        fs_add(FS_BLIND_NS, now - running->since);
        fs_count(FS_BLIND);
        since = FS_UNSEEN;
    } else {
        since = running->since;
    }
    running->thread = comes;
    running->since = now;
    return since;
}
#endif

#ifdef FS_WATCH
RAW_TRACEPOINT_PROBE(sched_switch)
{
    fs_switch(ctx->args[1], ctx->args[2], bpf_ktime_get_ns());
    return 0;
}
#endif

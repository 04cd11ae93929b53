// Every event passes fs_admit(): it is counted as seen, and held back when the run's events-per-second limit is used up.
#ifdef FS_RATE
// A bucket that holds a tenth of a second's events: one number, the time at which it is full again.
// Two CPUs that race may let one event through too many; none is counted wrongly.
#define FS_NS_PER_EVENT (1000000000ULL / FS_RATE)
#define FS_BURST_NS 100000000ULL

BPF_ARRAY(fs_bucket, u64, 1);

static __always_inline bool fs_throttled(void)
{
    int first = 0;
    u64 now = bpf_ktime_get_boot_ns();
    u64 *full = fs_bucket.lookup(&first);

    if (!full)
        return false;
    u64 start = *full > now ? *full : now;
    if (start - now > FS_BURST_NS)
        return true;
    *full = start + FS_NS_PER_EVENT;
    return false;
}
#endif

static __always_inline bool fs_admit(void)
{
    fs_count(FS_SEEN);
#ifdef FS_RATE
    if (fs_throttled()) {
        fs_count(FS_LOST_THROTTLED);
        return false;
    }
#endif
    return true;
}

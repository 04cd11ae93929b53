// Words shared by all probes: counters that close the books, and what a task is.
#include <uapi/linux/ptrace.h>

// Index of fs_counters; from 1 on the same numbers as LossCause in proto/v1/stream.proto.
#define FS_SEEN 0
#define FS_LOST_RING 1
#define FS_LOST_THROTTLED 2
#define FS_LOST_MAP_FULL 5
#define FS_LOST_STACK_FULL 6
#define FS_LOST_UNSEEN 9
// Not events: see watch.h.
#define FS_BLIND 14
#define FS_BLIND_NS 15

// BPF_RB_NO_WAKEUP: user space reads on a timer; a wake-up for every event costs the traced program dearly.
#define FS_NO_WAKEUP 1

BPF_PERCPU_ARRAY(fs_counters, u64, 16);

// Atomic although per CPU: a program on a uprobe can be preempted by another one on the same CPU.
static __always_inline void fs_add(u32 index, u64 value)
{
    u64 *counter = fs_counters.lookup(&index);

    if (counter)
        __sync_fetch_and_add(counter, value);
}

static __always_inline void fs_count(u32 index)
{
    fs_add(index, 1);
}

// An event that was seen and cannot be kept.
static __always_inline void fs_lose(u32 cause)
{
    fs_count(FS_SEEN);
    fs_count(cause);
}

static __always_inline u32 fs_pid(void)
{
    return bpf_get_current_pid_tgid() >> 32;
}

static __always_inline u32 fs_tid(void)
{
    return bpf_get_current_pid_tgid();
}

static __always_inline u32 fs_uid(void)
{
    return bpf_get_current_uid_gid();
}

// Slot of a log2 histogram: n for values from 2^n to 2^(n+1) - 1, 0 also for 0.
static __always_inline u32 fs_log2(u64 value)
{
    u32 slot = 0;

#pragma unroll
    for (u32 step = 32; step; step /= 2) {
        if (value >> step) {
            value >>= step;
            slot += step;
        }
    }
    return slot;
}

// Which of a run's functions a uprobe is on: index of a `name` column. Kernels before Linux 5.15 cannot tell: there each
// function has a copy of the program with its own answer.
static __always_inline u32 fs_function(void *ctx)
{
    return bpf_get_attach_cookie(ctx);
}

// The kernel's own calls (BPF_FUNC_probe_read_user, BPF_FUNC_probe_read_user_str of linux/bpf.h, since Linux 5.5) under
// names that BCC does not know: for each call that it knows it goes through the kernel's symbols to see whether the kernel
// has it. opensnoop takes 0.3 s of CPU to compile this way and 0.9 s the other, to the same instructions.
static int (*fs_read_user)(void *to, u32 size, const void *from) = (void *)112;
static int (*fs_read_user_str)(void *to, u32 size, const void *from) = (void *)114;
#define bpf_probe_read_user fs_read_user
#define bpf_probe_read_user_str fs_read_user_str

// One program for every function: what it reads comes from tables. When something of the call's end is wanted, the numbers
// wait for it, and memory is read then.
#ifdef FS_AT_END
#define RETURN_ADDRESS 8 // bytes that x86-64's ret takes from the stack

// The stack pointer at entry names a call through recursion, exceptions and longjmp: no other live call of the thread has it.
struct entry {
    u32 tid;
    u32 function;
    u64 stack;
};

struct waiting {
    u64 start;
    u64 values[FS_ARGS];
};

// The least recently used one gives way: a thread that is killed never takes its own back. A call whose entry gave
// way counts as lost when it returns.
BPF_TABLE("lru_hash", struct entry, struct waiting, calls_open, 16384);
#endif

static __always_inline void emit(struct pt_regs *ctx, u64 latency, const u64 *values)
{
    struct calls row = {.time = bpf_ktime_get_boot_ns(), .pid = fs_pid(), .tid = fs_tid(), .function = fs_function(ctx)};

    row.cgroup = bpf_get_current_cgroup_id();
    bpf_get_current_comm(row.comm, sizeof(row.comm));
#ifdef CALLS_HAS_LATENCY
    row.latency = latency;
#endif
    calls_emit_filled(&row, values);
}

int on_entry(struct pt_regs *ctx)
{
#ifdef FS_AT_END
    struct entry entry = {.tid = fs_tid(), .function = fs_function(ctx), .stack = PT_REGS_SP(ctx)};
    struct waiting waiting = {};

    if (fs_skip())
        return 0;
    if (!fs_returns()) {
        fs_lose(FS_LOST_UNSEEN);
        return 0;
    }
    fs_arguments(ctx, 0, 0, FS_AT_ENTRY, waiting.values);
    waiting.start = bpf_ktime_get_ns();
    calls_open.update(&entry, &waiting);
#else
    u64 values[FS_ARGS] = {};

    if (fs_skip())
        return 0;
    fs_arguments(ctx, 0, 0, FS_AT_ENTRY, values);
    emit(ctx, 0, values);
#endif
    return 0;
}

#ifdef FS_AT_END
int on_return(struct pt_regs *ctx)
{
    u64 now = bpf_ktime_get_ns();
    struct entry entry = {.tid = fs_tid(), .function = fs_function(ctx)};
    struct waiting *waiting;
    struct waiting call;

    if (fs_skip())
        return 0;
    entry.stack = PT_REGS_SP(ctx) - RETURN_ADDRESS;
    waiting = calls_open.lookup(&entry);
    if (!waiting) {
        fs_lose(FS_LOST_MAP_FULL);
        return 0;
    }
    call = *waiting;
    calls_open.delete(&entry);
    fs_arguments(ctx, 0, FS_AT_ENTRY, FS_ARGS, call.values);
    emit(ctx, now - call.start, call.values);
    return 0;
}
#endif

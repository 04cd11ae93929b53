// Calls nest when a function is recursive, and are left without a return by longjmp and exceptions. The stack pointer at
// entry names the call through all of that: no other live call of the thread has it, and a later one overwrites it.
// A program on a uprobe can be preempted by another one, so nothing is kept per CPU.
#define RETURN_ADDRESS 8 // bytes that x86-64's ret takes from the stack

struct call {
    u32 tid;
    u32 function;
    u64 stack;
};

// The least recently used entry gives way: a thread that is killed never takes its own back. A call whose entry gave
// way counts as lost when it returns.
BPF_TABLE("lru_hash", struct call, u64, starts, 65536);

int on_entry(struct pt_regs *ctx)
{
    struct call call = {.tid = fs_tid(), .function = fs_function(ctx), .stack = PT_REGS_SP(ctx)};
    u64 now = bpf_ktime_get_ns();

    if (fs_skip())
        return 0;
    if (fs_returns())
        starts.update(&call, &now);
    else
        fs_lose(FS_LOST_UNSEEN);
    return 0;
}

int on_return(struct pt_regs *ctx)
{
    u64 now = bpf_ktime_get_ns();
    struct call call = {.tid = fs_tid(), .function = fs_function(ctx)};
    struct latency_key key = {.function = call.function};
    struct latency_value add = {.calls = 1};

    if (fs_skip())
        return 0;
    call.stack = PT_REGS_SP(ctx) - RETURN_ADDRESS;
    u64 *start = starts.lookup(&call);
    if (!start) {
        fs_lose(FS_LOST_MAP_FULL);
        return 0;
    }
    add.total = now - *start;
    starts.delete(&call);
    key.slot = fs_log2(add.total);
    latency_add(&key, &add);
    return 0;
}

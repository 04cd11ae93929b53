// Counted where a call returns, because there one program knows the call, its result and its time.
// Numbers of x86-64.
#define RT_SIGRETURN 15
#define CLONE 56
#define FORK 57
#define VFORK 58
#define CLONE3 435

#if LATENCY
// Every call returns but these two; it does so also in a thread that is killed.
#define EXIT 60
#define EXIT_GROUP 231

BPF_HASH(starts, u32, u64, 65536);

RAW_TRACEPOINT_PROBE(sys_enter)
{
    u32 tid = fs_tid();
    u64 now = bpf_ktime_get_ns();

    if (ctx->args[1] == EXIT || ctx->args[1] == EXIT_GROUP || fs_skip())
        return 0;
    if (starts.update(&tid, &now))
        fs_lose(FS_LOST_MAP_FULL);
    return 0;
}
#endif

// A new task comes out of the call that its parent made: not a call of its own.
static __always_inline bool is_birth(long number, long ret)
{
    return ret == 0 && (number == CLONE || number == FORK || number == VFORK || number == CLONE3);
}

RAW_TRACEPOINT_PROBE(sys_exit)
{
    struct pt_regs *regs = (void *)ctx->args[0];
    long ret = ctx->args[1], number = 0;
    struct calls_key key = {};
    struct calls_value add = {.calls = 1};

    if (fs_skip() || (FAILED_ONLY && (ret >= 0 || ret < -MAX_ERRNO)))
        return 0;
    bpf_probe_read_kernel(&number, sizeof(number), &regs->orig_ax);
    if (is_birth(number, ret))
        return 0;
#if LATENCY
    u32 tid = fs_tid();
    u64 *start = starts.lookup(&tid);
    if (!start)
        return 0;
    add.duration = bpf_ktime_get_ns() - *start;
    starts.delete(&tid);
#endif
#ifdef CALLS_HAS_SYSCALL
    // Putting back the registers of what a signal interrupted also overwrites the number, with -1.
    key.syscall = number < 0 ? RT_SIGRETURN : number;
#endif
#ifdef CALLS_HAS_COMM
    key.pid = fs_pid();
    bpf_get_current_comm(key.comm, sizeof(key.comm));
#endif
    calls_add(&key, &add);
    return 0;
}

// The stack is taken when a thread leaves the CPU, because then it is the current one; its time is known when it is back.
#define NO_STACK (-EFAULT)
#define EXITED 0x30 // EXIT_ZOMBIE | EXIT_DEAD of linux/sched.h
// Of prev_state: nothing but TASK_REPORT_MAX, which says that the thread was pushed off (trace/events/sched.h).
#define SLEEPS 0xff

struct wait {
    u64 start;
    struct waits_key key;
};

// The least recently used entry gives way: a thread may sleep for ever.
BPF_TABLE("lru_hash", u32, struct wait, open, 65536);

static __always_inline bool wanted(long state)
{
    if (WAITS == WAITS_BLOCKED)
        return state & SLEEPS;
    return WAITS == WAITS_ANY || !(state & SLEEPS);
}

static __always_inline void leave(void *ctx, u32 tid, long state, u64 now)
{
    struct wait wait = {.start = now};

    wait.key.pid = fs_pid();
    wait.key.stack_user = wait.key.stack_kernel = NO_STACK;
    bpf_get_current_comm(wait.key.comm, sizeof(wait.key.comm));
    if (STACKS != STACKS_KERNEL)
        wait.key.stack_user = waits_stack(ctx, BPF_F_USER_STACK);
    if (STACKS != STACKS_USER)
        wait.key.stack_kernel = waits_stack(ctx, 0);
    if (open.update(&tid, &wait))
        fs_lose(FS_LOST_MAP_FULL);
}

static __always_inline void come_back(u32 tid, u64 now)
{
    struct waits_value add = {.waits = 1};
    struct wait *wait = open.lookup(&tid);

    if (!wait)
        return;
    struct waits_key key = wait->key;
    add.duration = now - wait->start;
    open.delete(&tid);
    if (add.duration < MIN_WAIT)
        return;
    if (key.stack_user == -EEXIST || key.stack_kernel == -EEXIST)
        fs_lose(FS_LOST_STACK_FULL);
    else
        waits_add(&key, &add);
}

TRACEPOINT_PROBE(sched, sched_switch)
{
    u32 prev = args->prev_pid, next = args->next_pid;
    long state = args->prev_state;
    u64 now = bpf_ktime_get_ns();

    // Each CPU has an idle thread, all of them with the number 0. Whoever has exited never comes back.
    if (prev && !(state & EXITED) && wanted(state) && !fs_skip())
        leave(args, prev, state, now);
    if (next)
        come_back(next, now);
    return 0;
}

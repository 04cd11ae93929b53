// The stack is taken when a thread leaves the CPU, because then it is the current one; its time is known when it is back.
#define NO_STACK (-EFAULT)

struct wait {
    u64 start;
    struct waits_key key;
};

// Only what waits at this moment is in it.
BPF_TABLE("hash", u32, struct wait, open, 65536);

static __always_inline bool wanted(bool sleeps)
{
    if (WAITS == WAITS_BLOCKED)
        return sleeps;
    return WAITS == WAITS_ANY || !sleeps;
}

static __always_inline void leave(void *ctx, u32 tid, u64 now)
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

// ``exits``: it never comes back.
static __always_inline int change(void *ctx, u32 next, bool sleeps, bool exits)
{
    u32 prev = fs_tid();
    u64 now = bpf_ktime_get_ns();

    // Each CPU has an idle thread, all of them with the number 0.
    if (prev && !fs_skip()) {
        // It ran without having been seen to come back: how long it waited is not known.
        if (open.lookup(&prev)) {
            fs_lose(FS_LOST_UNSEEN);
            open.delete(&prev);
        }
        if (!exits && wanted(sleeps))
            leave(ctx, prev, now);
    }
    if (next)
        come_back(next, now);
    return 0;
}

#ifdef STATE_IS_TOLD
#define DEAD 0x80 // TASK_DEAD of linux/sched.h

// Who is preempted goes on, whatever its state.
RAW_TRACEPOINT_PROBE(sched_switch)
{
    struct task_struct *after = (void *)ctx->args[2];
    long state = ctx->args[0] ? 0 : ctx->args[3];
    u32 next = 0;

    fs_switch(ctx->args[1], ctx->args[2], bpf_ktime_get_ns());
    bpf_probe_read_kernel(&next, sizeof(next), &after->pid);
    return change(ctx, next, state != 0, state & DEAD);
}
#else
#define EXITED 0x30 // EXIT_ZOMBIE | EXIT_DEAD of linux/sched.h
// Of prev_state: nothing but TASK_REPORT_MAX, which says that the thread was pushed off (trace/events/sched.h).
#define SLEEPS 0xff

TRACEPOINT_PROBE(sched, sched_switch)
{
    fs_switch(args->prev_pid, args->next_pid, bpf_ktime_get_ns());
    return change(args, args->next_pid, args->prev_state & SLEEPS, args->prev_state & EXITED);
}
#endif

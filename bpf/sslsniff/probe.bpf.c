// What a call was given is kept at its entry and read at its return: by then the library has touched the buffer, so its
// pages are there, and a read has filled it.
struct call {
    u64 time;
    u64 conn;
    const void *buffer;
    const u64 *moved; // where the call leaves how much it moved; zero: it returns that
};

// The stack pointer tells nested calls of one thread apart, as with TLS inside TLS to a proxy.
struct place {
    u64 stack;
    u32 tid;
    u32 zero;
};

// The least recently used entry gives way: a thread that is killed never takes its own back. A call whose entry gave way
// counts as lost when it returns.
BPF_TABLE("lru_hash", struct place, struct call, calls, 16384);

#ifdef __x86_64__
#define RETURN_ADDRESS 8 // is on the stack at entry and taken off it at return
#else
#define RETURN_ADDRESS 0
#endif

static __always_inline struct place place_of(u64 stack)
{
    struct place place = {.stack = stack, .tid = fs_tid()};

    return place;
}

static __always_inline int enter(struct pt_regs *ctx, const u64 *moved)
{
    struct place place = place_of(PT_REGS_SP(ctx) + RETURN_ADDRESS);
    struct call call = {
        .time = bpf_ktime_get_boot_ns(),
        .conn = PT_REGS_PARM1(ctx),
        .buffer = (void *)PT_REGS_PARM2(ctx),
        .moved = moved,
    };

    if (fs_skip())
        return 0;
    if (fs_returns())
        calls.update(&place, &call);
    else
        fs_lose(FS_LOST_UNSEEN);
    return 0;
}

int on_call(struct pt_regs *ctx)
{
    return enter(ctx, 0);
}

int on_call_ex(struct pt_regs *ctx)
{
    return enter(ctx, (void *)PT_REGS_PARM4(ctx));
}

static __always_inline bool leave(struct pt_regs *ctx, struct call *call)
{
    struct place place = place_of(PT_REGS_SP(ctx));
    struct call *found = calls.lookup(&place);

    if (!found) {
        if (!fs_skip())
            fs_lose(FS_LOST_MAP_FULL);
        return false;
    }
    *call = *found;
    calls.delete(&place);
    return true;
}

// Negative or zero: nothing was moved, as when a connection that never waits has nothing to read.
static __always_inline s64 moved_by(struct pt_regs *ctx, struct call *call)
{
    s64 moved = (s32)PT_REGS_RC(ctx);

    if (call->moved && moved == 1)
        bpf_probe_read_user(&moved, sizeof(moved), call->moved);
    return moved;
}

static __always_inline int moved(struct pt_regs *ctx, const char *direction)
{
    struct call call;
    struct data row = {};

    if (!leave(ctx, &call))
        return 0;
    s64 size = moved_by(ctx, &call);
    if (size <= 0)
        return 0;
    row.time = bpf_ktime_get_boot_ns();
    row.duration = row.time - call.time;
    row.conn = call.conn;
    row.size = size;
    row.function = fs_function(ctx);
    row.pid = fs_pid();
    row.tid = fs_tid();
    row.uid = fs_uid();
    row.cgroup = bpf_get_current_cgroup_id();
    bpf_get_current_comm(row.comm, sizeof(row.comm));
    __builtin_memcpy(row.direction, direction, sizeof(row.direction));
    data_emit_user(&row, call.buffer, row.size);
    return 0;
}

int on_read(struct pt_regs *ctx)
{
    return moved(ctx, "in\0\0\0\0\0");
}

int on_write(struct pt_regs *ctx)
{
    return moved(ctx, "out\0\0\0\0");
}

int on_handshake(struct pt_regs *ctx)
{
    struct call call;
    struct shakes row = {};

    if (!leave(ctx, &call))
        return 0;
    row.time = bpf_ktime_get_boot_ns();
    row.duration = row.time - call.time;
    row.conn = call.conn;
    row.result = PT_REGS_RC(ctx);
    row.function = fs_function(ctx);
    row.pid = fs_pid();
    row.tid = fs_tid();
    row.uid = fs_uid();
    row.cgroup = bpf_get_current_cgroup_id();
    bpf_get_current_comm(row.comm, sizeof(row.comm));
    shakes_emit(&row);
    return 0;
}

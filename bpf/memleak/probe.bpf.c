// A block is known by its address from the return of the allocation on; its stack keeps the books of what becomes of it.
// The probes on returns are attached first, so that no allocation is entered that does not return here.
#define NO_STACK (-EFAULT)
#define RETURN_ADDRESS 8 // bytes that x86-64's ret takes from the stack

// Names one live call, as in a recursion no two have the same stack pointer.
struct call {
    u64 stack;
    u64 tid;
};

struct wish {
    u64 size;
    u64 where; // for posix_memalign, which gives the address through a pointer
};

struct block {
    u64 address;
    u64 pid;
};

struct held {
    u64 size;
    struct memory_key key;
};

// A thread that is killed in a call leaves its entry behind, which counts when there is no room any more.
BPF_HASH(wishes, struct call, struct wish, 16384);
BPF_HASH(blocks, struct block, struct held, 262144);

static __always_inline void enter(struct pt_regs *ctx, u64 size, u64 where)
{
    struct call call = {.stack = PT_REGS_SP(ctx), .tid = fs_tid()};
    struct wish wish = {.size = size, .where = where};

    if (fs_skip() || size < MIN_SIZE)
        return;
    if (!fs_returns())
        fs_lose(FS_LOST_UNSEEN);
    else if (wishes.update(&call, &wish))
        fs_lose(FS_LOST_MAP_FULL);
}

static __always_inline void give_back(u64 address)
{
    struct block block = {.address = address, .pid = fs_pid()};
    struct memory_value add = {.frees = 1, .calls = 1};
    struct held *held = blocks.lookup(&block);

    if (!held)
        return;
    struct memory_key key = held->key;
    add.freed = held->size;
    blocks.delete(&block);
    memory_add(&key, &add);
}

static __always_inline void take(struct pt_regs *ctx, u64 address, u64 size)
{
    struct block block = {.address = address, .pid = fs_pid()};
    struct held held = {.size = size};
    struct memory_value add = {.allocations = 1, .allocated = size, .calls = 1};
    struct held *inner = blocks.lookup(&block);

    // A live address comes from an allocator that this one called: realloc from malloc.
    if (inner && inner->size == size)
        return;
    if (inner)
        give_back(address);
    held.key.pid = fs_pid();
    held.key.stack_kernel = NO_STACK;
    bpf_get_current_comm(held.key.comm, sizeof(held.key.comm));
    held.key.stack_user = memory_stack(ctx, BPF_F_USER_STACK);
    if (held.key.stack_user == -EEXIST)
        fs_lose(FS_LOST_STACK_FULL);
    else if (blocks.update(&block, &held))
        fs_lose(FS_LOST_MAP_FULL);
    else
        memory_add(&held.key, &add);
}

static __always_inline void leave(struct pt_regs *ctx, bool placed)
{
    struct call call = {.stack = PT_REGS_SP(ctx) - RETURN_ADDRESS, .tid = fs_tid()};
    struct wish *wish = wishes.lookup(&call);
    u64 address = PT_REGS_RC(ctx);

    if (!wish)
        return;
    u64 size = wish->size;
    if (placed && bpf_probe_read_user(&address, sizeof(address), (void *)wish->where))
        address = 0;
    wishes.delete(&call);
    if (address && !(placed && PT_REGS_RC(ctx)))
        take(ctx, address, size);
}

int on_malloc(struct pt_regs *ctx)
{
    enter(ctx, PT_REGS_PARM1(ctx), 0);
    return 0;
}

int on_calloc(struct pt_regs *ctx)
{
    enter(ctx, PT_REGS_PARM1(ctx) * PT_REGS_PARM2(ctx), 0);
    return 0;
}

// The old block is given back at once: when the call returns another thread may have its address already.
int on_realloc(struct pt_regs *ctx)
{
    if (!fs_skip())
        give_back(PT_REGS_PARM1(ctx));
    enter(ctx, PT_REGS_PARM2(ctx), 0);
    return 0;
}

int on_memalign(struct pt_regs *ctx)
{
    enter(ctx, PT_REGS_PARM2(ctx), 0);
    return 0;
}

int on_posix_memalign(struct pt_regs *ctx)
{
    enter(ctx, PT_REGS_PARM3(ctx), PT_REGS_PARM1(ctx));
    return 0;
}

int on_free(struct pt_regs *ctx)
{
    if (!fs_skip())
        give_back(PT_REGS_PARM1(ctx));
    return 0;
}

int on_allocated(struct pt_regs *ctx)
{
    leave(ctx, false);
    return 0;
}

int on_placed(struct pt_regs *ctx)
{
    leave(ctx, true);
    return 0;
}

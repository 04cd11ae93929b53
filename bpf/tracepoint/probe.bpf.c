// One program for every tracepoint. It copies the record as the kernel made it, from its ninth byte on, and knows nothing of
// its fields: where values of any length and pointers to strings stand comes from maps, how much to copy from numbers.
#define FS_BASE 8
#define FS_STRING_BYTES 4096
#define FS_WORDS_AT ((FS_RAW_SIZE + 7) / 8 * 8)

struct place {
    u32 offset;
    u32 relative;
};

#if FS_LOCATED
BPF_ARRAY(located, struct place, 16);
#endif

// How many bytes of the record hold something: values of any length lie behind its fixed part.
static __always_inline u32 record_size(void *ctx)
{
    u32 size = FS_RAW_SIZE;

#if FS_LOCATED
#pragma unroll
    for (int i = 0; i < FS_LOCATED; i++) {
        int index = i;
        u32 word = 0, end;
        struct place *place = located.lookup(&index);

        if (!place)
            return size;
        bpf_probe_read_kernel(&word, sizeof(word), ctx + (place->offset & 0x1fff));
        end = (word & 0xffff) + (word >> 16) - FS_BASE;
        if (place->relative)
            end += place->offset + sizeof(word);
        if (end > size && end <= 8192 - FS_BASE)
            size = end;
    }
#endif
    return size;
}

#if FS_STRINGS
// Behind the fields stand two words for each string (where it is, how it was read) and behind those the strings. Programs on
// tracepoints cannot be preempted, and the kernel runs no second one on the same CPU meanwhile: one buffer a CPU is enough.
struct strings {
    char bytes[16384 + 8192];
};

struct string_word {
    u16 start;
    u16 size;
    u32 state; // 0 whole, 1 cut, 2 not in memory
};

BPF_PERCPU_ARRAY(scratch, struct strings, 1);
BPF_ARRAY(pointers, struct place, 4);

static __always_inline void emit(struct events *row, void *ctx)
{
    int first = 0;
    u32 at = FS_WORDS_AT + FS_STRINGS * sizeof(struct string_word);
    struct strings *raw = scratch.lookup(&first);

    if (!raw)
        return fs_lose(FS_LOST_MAP_FULL);
    bpf_probe_read_kernel(raw->bytes, FS_WORDS_AT, ctx + FS_BASE);
#pragma unroll
    for (int i = 0; i < FS_STRINGS; i++) {
        int index = i;
        u64 pointer = 0;
        struct string_word word = {.start = at, .state = 2};
        struct place *place = pointers.lookup(&index);

        if (!place)
            return fs_lose(FS_LOST_MAP_FULL);
        bpf_probe_read_kernel(&pointer, sizeof(pointer), ctx + (place->offset & 0x1fff));
        at &= 0x3fff + 4096;
        if (at > sizeof(raw->bytes) - FS_STRING_BYTES)
            return fs_lose(FS_LOST_MAP_FULL);
        long n = bpf_probe_read_user_str(raw->bytes + at, FS_STRING_BYTES, (const void *)pointer);
        if (n > 0 && n <= FS_STRING_BYTES) {
            word.size = n - 1;
            word.state = n == FS_STRING_BYTES;
            at += n - 1;
        }
        __builtin_memcpy(raw->bytes + FS_WORDS_AT + i * sizeof(word), &word, sizeof(word));
    }
    events_emit_kernel(row, raw->bytes, at);
}
#else
static __always_inline void emit(struct events *row, void *ctx)
{
    events_emit_kernel(row, ctx + FS_BASE, record_size(ctx));
}
#endif

int on_event(void *ctx)
{
    struct events row = {};

    if (fs_skip())
        return 0;
#ifdef FS_WHERE
    if (!fs_matches(ctx))
        return 0;
#endif
    row.time = bpf_ktime_get_boot_ns();
    row.pid = fs_pid();
    row.tid = fs_tid();
    row.uid = fs_uid();
    row.cgroup = bpf_get_current_cgroup_id();
    bpf_get_current_comm(row.comm, sizeof(row.comm));
    emit(&row, ctx);
    return 0;
}

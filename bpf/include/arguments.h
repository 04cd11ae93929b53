// Values of a call, by tables: how to get at each number, and which of them lead to strings and buffers. For tools whose
// runs say with FS_ARGS how many numbers there are, with FS_TEXTS how many strings and buffers, with FS_SITES how many
// places in the code have operands of their own (1: all share them).
#ifdef FS_ARGS
#define FS_NO_REGISTER 0xff
#define FS_NO_LENGTH 0xff

struct fs_operand {
    s64 number;
    u8 base; // bytes into pt_regs
    u8 index;
    u8 shift; // of the index
    u8 load;  // bytes to read from memory; 0: the value is the number itself
    u8 spare; // bits of a word above the value
    u8 flags; // 1: signed, 2: begins at the second byte
    u16 pad;
};

BPF_ARRAY(fs_operands, struct fs_operand, FS_ARGS * FS_SITES);

static __always_inline u64 fs_register(struct pt_regs *ctx, u8 place)
{
    u64 value = 0;

    // Copied, because the verifier allows reading at a place that it does not know only so.
    if (place != FS_NO_REGISTER)
        bpf_probe_read_kernel(&value, sizeof(value), (void *)ctx + place);
    return value;
}

static __always_inline u64 fs_operand(struct pt_regs *ctx, const struct fs_operand *operand)
{
    u64 value = operand->number + fs_register(ctx, operand->base);
    u64 loaded[2] = {};

    value += fs_register(ctx, operand->index) << (operand->shift & 3);
    if (operand->load) {
        bpf_probe_read_user(loaded, operand->load & 15, (const void *)value);
        value = loaded[0];
    }
    if (operand->flags & 2)
        value >>= 8;
    value <<= operand->spare & 63;
    return operand->flags & 1 ? (u64)((s64)value >> (operand->spare & 63)) : value >> (operand->spare & 63);
}

static __always_inline void fs_arguments(struct pt_regs *ctx, u32 site, u32 first, u32 end, u64 *values)
{
#pragma unroll
    for (u32 i = 0; i < FS_ARGS; i++) {
        u32 index = site * FS_ARGS + i;
        struct fs_operand *operand = i >= first && i < end ? fs_operands.lookup(&index) : 0;

        if (operand)
            values[i] = fs_operand(ctx, operand);
    }
}

// Raw bytes of a row: the numbers; for each text where it lies, its size and how it was read; the texts, each in a part of
// its own.
#define FS_TEXT_HEAD 8
#define FS_HEAD (8 * FS_ARGS + FS_TEXT_HEAD * FS_TEXTS)

#if FS_TEXTS
enum { FS_WHOLE, FS_CUT, FS_ABSENT, FS_NULL };

struct fs_text {
    u32 most;
    u8 pointer;
    u8 length; // which number says how many bytes there are
    u8 is_string;
    u8 pad;
};

struct fs_text_head {
    u16 start;
    u16 size;
    u32 state;
};

BPF_ARRAY(fs_texts, struct fs_text, FS_TEXTS);

// Of the numbers that have been written already; a slot is large enough for sixteen.
static __always_inline u64 fs_value(const char *raw, u8 index)
{
    return *(const u64 *)(raw + (index & 15) * 8);
}

// False when the part is too small.
static __always_inline bool fs_string(struct fs_text_head *head, char *to, u32 part, const void *from, u32 most)
{
    // A byte more than is wanted and its end: so a string that is cut is told from one that just fits.
    u64 size = (u64)most + 2;
    long got;

    asm volatile("" : "+r"(size));
    if (size > part)
        size = part;
    got = bpf_probe_read_user_str(to, size, from);
    if (got == part && most + 2 > part)
        return false;
    head->state = got < 0 ? FS_ABSENT : got - 1 > most ? FS_CUT : FS_WHOLE;
    head->size = got <= 0 ? 0 : got - 1 > most ? most : got - 1;
    return true;
}

static __always_inline bool fs_bytes(struct fs_text_head *head, char *to, u32 part, const void *from, s64 length, u32 most)
{
    u64 size = length < 0 ? 0 : length > most ? most : length;

    asm volatile("" : "+r"(size));
    if (size > part)
        return false;
    if (bpf_probe_read_user(to, size, from)) {
        head->state = FS_ABSENT;
        return true;
    }
    head->state = length > most ? FS_CUT : FS_WHOLE;
    head->size = size;
    return true;
}
#endif

// Returns how many raw bytes there are, -1 when they do not fit into ``slot``.
static __always_inline long fs_fill(char *raw, u32 slot, const u64 *values)
{
    const u32 part = FS_TEXTS ? (slot - FS_HEAD) / (FS_TEXTS ? FS_TEXTS : 1) / 8 * 8 : 0;

#pragma unroll
    for (u32 i = 0; i < FS_ARGS; i++)
        ((u64 *)raw)[i] = values[i];
#if FS_TEXTS
#pragma unroll
    for (u32 i = 0; i < FS_TEXTS; i++) {
        u32 index = i, start = FS_HEAD + i * part;
        struct fs_text_head head = {.start = start, .state = FS_NULL};
        struct fs_text *text = fs_texts.lookup(&index);

        if (!text)
            return -1;
        const void *from = (const void *)fs_value(raw, text->pointer);
        if (from) {
            bool fits = text->is_string
                ? fs_string(&head, raw + start, part, from, text->most)
                : fs_bytes(&head, raw + start, part, from,
                           text->length == FS_NO_LENGTH ? text->most : fs_value(raw, text->length), text->most);
            if (!fits)
                return -1;
        }
        *(struct fs_text_head *)(raw + 8 * FS_ARGS + FS_TEXT_HEAD * i) = head;
    }
#endif
    return slot;
}
#endif

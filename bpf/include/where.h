// Comparisons of fields, all of which must hold: FS_WHERE is how many there are, what they are stands in a map.
#ifdef FS_WHERE
#define FS_TEXT_BYTES 64
#define FS_TEXT_WORDS 8
#define FS_OFFSET_MASK 0x1fff

enum { FS_IS_NUMBER, FS_IS_TEXT, FS_IS_LOCATED, FS_IS_RELATIVE, FS_IS_USER };
enum { FS_EQ, FS_NE, FS_LT, FS_LE, FS_GT, FS_GE, FS_HAS_BITS };

struct fs_clause {
    u64 value;
    u64 text[FS_TEXT_WORDS];
    u64 mask[FS_TEXT_WORDS];
    u32 offset;
    u8 where;
    u8 shift; // bits of a word above the number
    u8 is_signed;
    u8 pad;
    u32 op;
    u32 pad2;
};

BPF_ARRAY(fs_where, struct fs_clause, 8);

static __always_inline bool fs_number_matches(const struct fs_clause *clause, u64 value)
{
    u64 with = clause->value;
    bool less, equal;

    value <<= clause->shift;
    value = clause->is_signed ? (u64)((s64)value >> clause->shift) : value >> clause->shift;
    less = clause->is_signed ? (s64)value < (s64)with : value < with;
    equal = value == with;
    switch (clause->op) {
    case FS_EQ: return equal;
    case FS_NE: return !equal;
    case FS_LT: return less;
    case FS_LE: return less || equal;
    case FS_GT: return !less && !equal;
    case FS_GE: return !less;
    }
    return value & with;
}

static __always_inline bool fs_text_matches(const struct fs_clause *clause, const void *record, const void *at)
{
    u64 text[FS_TEXT_WORDS] = {}, different = 0;
    u64 word = 0;

    bpf_probe_read_kernel(&word, sizeof(word), at);
    if (clause->where == FS_IS_USER)
        bpf_probe_read_user_str(text, sizeof(text), (const void *)word);
    else if (clause->where == FS_IS_LOCATED)
        bpf_probe_read_kernel_str(text, sizeof(text), record + (word & 0xffff));
    else if (clause->where == FS_IS_RELATIVE)
        bpf_probe_read_kernel_str(text, sizeof(text), at + sizeof(u32) + (word & 0xffff));
    else
        bpf_probe_read_kernel(text, sizeof(text), at);
#pragma unroll
    for (int i = 0; i < FS_TEXT_WORDS; i++)
        different |= (text[i] ^ clause->text[i]) & clause->mask[i];
    return clause->op == FS_NE ? different : !different;
}

// ``record``: where the offsets of the clauses count from.
static __always_inline bool fs_matches(const void *record)
{
#pragma unroll
    for (int i = 0; i < FS_WHERE; i++) {
        int index = i;
        struct fs_clause *clause = fs_where.lookup(&index);
        u64 word = 0;

        if (!clause)
            return false;
        const void *at = record + (clause->offset & FS_OFFSET_MASK);
        if (clause->where == FS_IS_NUMBER) {
            bpf_probe_read_kernel(&word, sizeof(word), at);
            if (!fs_number_matches(clause, word))
                return false;
        } else if (!fs_text_matches(clause, record, at)) {
            return false;
        }
    }
    return true;
}
#endif

// readline() returns the line it read, or zero at the end of the input.
#define PART 128
#define PARTS 1024 // lines of up to 127 KiB are measured, longer ones not to their end

// The true length, also of a line that is longer than any slot.
static __always_inline u32 length_of(const char *line)
{
    char part[PART];
    u32 size = 0;

    for (u32 i = 0; i < PARTS; i++) {
        long got = bpf_probe_read_user_str(part, sizeof(part), line + size);

        if (got <= 0)
            break;
        size += got - 1;
        if (got < PART)
            break;
    }
    return size;
}

int on_line(struct pt_regs *ctx)
{
    const char *line = (void *)PT_REGS_RC(ctx);
    struct lines row = {};

    if (!line || fs_skip())
        return 0;
    row.time = bpf_ktime_get_boot_ns();
    row.pid = fs_pid();
    row.tid = fs_tid();
    row.uid = fs_uid();
    row.cgroup = bpf_get_current_cgroup_id();
    row.size = length_of(line);
    bpf_get_current_comm(row.comm, sizeof(row.comm));
    lines_emit_user(&row, line, row.size);
    return 0;
}

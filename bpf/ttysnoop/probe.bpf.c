// What a pseudo-terminal shows is what its master's owner reads from it: with the echo, whoever wrote it. What another
// terminal shows is what is written to it. Read when the call returns: then the bytes are in the caller's buffer.
#include <linux/tty.h>

#define BUFFERS 16 // of one readv() or writev()

struct piece {
    const char *base;
    u64 size;
};

// Numbers of x86-64: read, readv, preadv2.
static __always_inline bool is_read(long number)
{
    return number == 0 || number == 19 || number == 327;
}

// write, writev, pwritev2
static __always_inline bool is_write(long number)
{
    return number == 1 || number == 20 || number == 328;
}

static __always_inline bool has_pieces(long number)
{
    return number > 1;
}

// Zero when the file is no open terminal: only a terminal's private data leads back to the file.
static __always_inline struct tty_struct *tty_of(struct file *file)
{
    struct tty_file_private *private = 0;
    struct tty_struct *tty = 0;
    struct file *owner = 0;

    bpf_probe_read_kernel(&private, sizeof(private), &file->private_data);
    bpf_probe_read_kernel(&owner, sizeof(owner), &private->file);
    if (owner == file)
        bpf_probe_read_kernel(&tty, sizeof(tty), &private->tty);
    return tty;
}

#if TERMINAL_IS_PTY
// The slave keeps its file of /dev/pts (drivers/tty/pty.c, ptmx_open), which has a number that no other container has.
static __always_inline bool is_wanted(struct tty_struct *slave)
{
    struct dentry *entry = 0;
    struct inode *inode = 0;
    struct super_block *block = 0;
    unsigned long number = 0;
    dev_t device = 0;

    bpf_probe_read_kernel(&entry, sizeof(entry), &slave->driver_data);
    bpf_probe_read_kernel(&inode, sizeof(inode), &entry->d_inode);
    bpf_probe_read_kernel(&number, sizeof(number), &inode->i_ino);
    if (number != TERMINAL_INODE)
        return false;
    bpf_probe_read_kernel(&block, sizeof(block), &inode->i_sb);
    bpf_probe_read_kernel(&device, sizeof(device), &block->s_dev);
    return device == TERMINAL_FILE_SYSTEM;
}

// Of a master its slave. Of a slave its master, which has no file and is never the wanted one.
static __always_inline struct tty_struct *other_end(struct tty_struct *tty)
{
    struct tty_struct *link = 0;

    bpf_probe_read_kernel(&link, sizeof(link), &tty->link);
    return link;
}
#else
static __always_inline bool is_wanted(struct tty_struct *tty)
{
    struct tty_driver *driver = 0;
    int major = 0, first = 0, index = 0;

    bpf_probe_read_kernel(&driver, sizeof(driver), &tty->driver);
    bpf_probe_read_kernel(&major, sizeof(major), &driver->major);
    bpf_probe_read_kernel(&first, sizeof(first), &driver->minor_start);
    bpf_probe_read_kernel(&index, sizeof(index), &tty->index);
    return ((u64)major << 20 | (first + index)) == TERMINAL_DEVICE;
}
#endif

// The terminal that was meant, as its user's programs have it; else zero.
static __always_inline struct tty_struct *wanted(u32 fd)
{
    struct tty_struct *tty = tty_of(fs_file(fd));

#if TERMINAL_IS_PTY
    if (tty)
        tty = other_end(tty);
#endif
    return tty && is_wanted(tty) ? tty : 0;
}

static __always_inline void fill(struct screen *row, struct tty_struct *tty, bool shown)
{
    struct winsize size = {};

    bpf_probe_read_kernel(&size, sizeof(size), &tty->winsize);
    row->rows = size.ws_row;
    row->columns = size.ws_col;
    row->time = bpf_ktime_get_boot_ns();
    row->pid = fs_pid();
    row->tid = fs_tid();
    row->uid = fs_uid();
    row->cgroup = bpf_get_current_cgroup_id();
    bpf_get_current_comm(row->comm, sizeof(row->comm));
    if (shown)
        __builtin_memcpy(row->direction, "out\0\0\0\0", sizeof(row->direction));
    else
        __builtin_memcpy(row->direction, "in\0\0\0\0\0", sizeof(row->direction));
}

// In the order of the buffers: each row is a nanosecond later than the one before.
static __always_inline void emit_pieces(struct screen *row, const struct piece *pieces, u64 count, u64 left)
{
    for (u32 i = 0; i < BUFFERS; i++) {
        struct piece piece = {};

        if (i >= count || !left)
            return;
        bpf_probe_read_user(&piece, sizeof(piece), &pieces[i]);
        row->size = piece.size < left ? piece.size : left;
        left -= row->size;
        if (row->size)
            screen_emit_user(row, piece.base, row->size);
        row->time++;
    }
}

RAW_TRACEPOINT_PROBE(sys_exit)
{
    struct pt_regs *regs = (void *)ctx->args[0];
    long moved = ctx->args[1], number = -1;
    u64 fd = 0, buffer = 0, count = 0;
    struct screen row = {};

    if (moved <= 0)
        return 0;
    bpf_probe_read_kernel(&number, sizeof(number), &regs->orig_ax);
    bool read = is_read(number);
    bool shown = read == TERMINAL_IS_PTY;
    if ((!read && !is_write(number)) || (!shown && !TYPED) || fs_skip())
        return 0;
    bpf_probe_read_kernel(&fd, sizeof(fd), &PT_REGS_PARM1(regs));
    struct tty_struct *tty = wanted(fd);
    if (!tty)
        return 0;
    bpf_probe_read_kernel(&buffer, sizeof(buffer), &PT_REGS_PARM2(regs));
    bpf_probe_read_kernel(&count, sizeof(count), &PT_REGS_PARM3(regs));
    fill(&row, tty, shown);
    if (has_pieces(number)) {
        emit_pieces(&row, (void *)buffer, count, moved);
    } else {
        row.size = moved;
        screen_emit_user(&row, (void *)buffer, row.size);
    }
    return 0;
}

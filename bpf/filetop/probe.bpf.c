// Read when a call returns: its descriptor is still in the registers, and what it moved is known.
#define KIND(mode) ((mode) >> 12 & 15)
#define KIND_REGULAR 8

// Numbers of x86-64: read, pread64, readv, preadv, preadv2.
static __always_inline bool is_read(long number)
{
    return number == 0 || number == 17 || number == 19 || number == 295 || number == 327;
}

// write, pwrite64, writev, pwritev, pwritev2
static __always_inline bool is_write(long number)
{
    return number == 1 || number == 18 || number == 20 || number == 296 || number == 328;
}

static __always_inline u32 kind_of(struct inode *inode)
{
    umode_t mode = 0;

    bpf_probe_read_kernel(&mode, sizeof(mode), &inode->i_mode);
    return KIND(mode);
}

static __always_inline void name_file(struct files_key *key, struct file *file, struct inode *inode)
{
    struct dentry *entry = 0;
    struct super_block *block = 0;
    const unsigned char *name = 0;

    bpf_probe_read_kernel(&entry, sizeof(entry), &file->f_path.dentry);
    bpf_probe_read_kernel(&name, sizeof(name), &entry->d_name.name);
    bpf_probe_read_kernel_str(key->file, sizeof(key->file), name);
    bpf_probe_read_kernel(&key->inode, sizeof(key->inode), &inode->i_ino);
    bpf_probe_read_kernel(&block, sizeof(block), &inode->i_sb);
    bpf_probe_read_kernel(&key->dev, sizeof(key->dev), &block->s_dev);
}

static __always_inline void count(u32 fd, struct files_value *add)
{
    struct files_key key = {.pid = fs_pid(), .tid = fs_tid()};
    struct file *file = fs_file(fd);

    if (!file)
        return;
    struct inode *inode = fs_inode(file);
    u32 kind = kind_of(inode);
#ifdef FILES_HAS_TYPE
    key.type = kind;
#else
    if (kind != KIND_REGULAR)
        return;
#endif
    bpf_get_current_comm(key.comm, sizeof(key.comm));
    name_file(&key, file, inode);
    files_add(&key, add);
}

RAW_TRACEPOINT_PROBE(sys_exit)
{
    struct pt_regs *regs = (void *)ctx->args[0];
    struct files_value add = {.calls = 1};
    long moved = ctx->args[1], number = -1;
    u64 fd = 0;

    if (moved < 0 || fs_skip())
        return 0;
    bpf_probe_read_kernel(&number, sizeof(number), &regs->orig_ax);
    if (is_read(number)) {
        add.reads = 1;
        add.read_bytes = moved;
    } else if (is_write(number)) {
        add.writes = 1;
        add.write_bytes = moved;
    } else {
        return 0;
    }
    bpf_probe_read_kernel(&fd, sizeof(fd), &PT_REGS_PARM1(regs));
    count(fd, &add);
    return 0;
}

// A page that comes into the cache does not say why. The system call that is under way does: its number lies in the
// registers saved at the top of the kernel stack.
#include <linux/sched.h>
#include <linux/fs.h>

#define STACK_BYTES 16384 // x86-64: arch/x86/include/asm/page_64_types.h
#define FRED_BYTES 16     // kept free above the registers by kernels built with CONFIG_X86_FRED
#define PAGE_BITS 12
#define USER_CODE 0x33    // selector of 64-bit programs: tells whether registers lie there

static __always_inline void note(struct cache_value *add)
{
    struct cache_key key = {.pid = fs_pid()};

    bpf_get_current_comm(key.comm, sizeof(key.comm));
    add->events = 1;
    cache_add(&key, add);
}

static __always_inline long number_at(u64 registers)
{
    struct pt_regs *regs = (void *)registers;
    u64 cs = 0;
    long number = -1;

    bpf_probe_read_kernel(&cs, sizeof(cs), &regs->cs);
    if ((u16)cs == USER_CODE)
        bpf_probe_read_kernel(&number, sizeof(number), &regs->orig_ax);
    return number;
}

// -1 in a page fault and in threads of the kernel.
static __always_inline long current_syscall(void)
{
    struct task_struct *task = (void *)bpf_get_current_task();
    u64 stack = 0;

    bpf_probe_read_kernel(&stack, sizeof(stack), &task->stack);
    stack += STACK_BYTES - sizeof(struct pt_regs);
    long number = number_at(stack);
    return number >= 0 ? number : number_at(stack - FRED_BYTES);
}

// Numbers of x86-64: write, pwrite64, writev, pwritev, pwritev2.
static __always_inline bool is_write(long number)
{
    return number == 1 || number == 18 || number == 20 || number == 296 || number == 328;
}

#ifdef GET_PAGES
struct range {
    u64 inode;
    u64 index;
    u64 last;
};

// The last read of each thread that is alive.
BPF_TABLE("hash", u32, struct range, reads, 65536);

RAW_TRACEPOINT_PROBE(sched_process_exit)
{
    u32 tid = fs_tid();

    reads.delete(&tid);
    return 0;
}

// A read that is long comes here several times, with the same end and a later start: its pages count the first time.
TRACEPOINT_PROBE(filemap, mm_filemap_get_pages)
{
    u32 tid = fs_tid();
    struct range now = {.inode = args->i_ino, .index = args->index, .last = args->last_index};
    struct cache_value add = {};

    if (fs_skip())
        return 0;
    struct range *before = reads.lookup(&tid);
    bool goes_on = before && before->inode == now.inode && before->last == now.last && before->index < now.index;
    if (!goes_on)
        add.read = now.last - now.index + 1;
    if (reads.update(&tid, &now))
        fs_lose(FS_LOST_MAP_FULL); // that it goes on would not be known
    else if (add.read)
        note(&add);
    return 0;
}
#else
// Kernels before 6.12 have no such event, but the function that a read of a file goes through: filemap_read(), before 5.12
// generic_file_buffered_read(), both with the same first arguments.
int on_read(struct pt_regs *ctx)
{
    struct kiocb *request = (void *)PT_REGS_PARM1(ctx);
    struct iov_iter *memory = (void *)PT_REGS_PARM2(ctx);
    struct file *file = 0;
    struct inode *inode = 0;
    struct cache_value add = {};
    u64 start = 0, count = 0;
    loff_t size = 0;

    if (fs_skip())
        return 0;
    bpf_probe_read_kernel(&start, sizeof(start), &request->ki_pos);
    bpf_probe_read_kernel(&count, sizeof(count), &memory->count);
    bpf_probe_read_kernel(&file, sizeof(file), &request->ki_filp);
    bpf_probe_read_kernel(&inode, sizeof(inode), &file->f_inode);
    bpf_probe_read_kernel(&size, sizeof(size), &inode->i_size);
    u64 end = start + count < (u64)size ? start + count : (u64)size;
    if (end <= start)
        return 0;
    add.read = ((end - 1) >> PAGE_BITS) - (start >> PAGE_BITS) + 1;
    note(&add);
    return 0;
}
#endif

TRACEPOINT_PROBE(filemap, mm_filemap_add_to_page_cache)
{
    struct cache_value add = {};
#ifdef ONE_PAGE
    u64 pages = 1;
#else
    u64 pages = 1ULL << args->order;
#endif

    if (fs_skip())
        return 0;
    if (is_write(current_syscall()))
        add.written = pages;
    else
        add.missed = pages;
    note(&add);
    return 0;
}

#ifdef HAS_MM_FILEMAP_FAULT
TRACEPOINT_PROBE(filemap, mm_filemap_fault)
{
    struct cache_value add = {.faults = 1};

    if (!fs_skip())
        note(&add);
    return 0;
}
#endif

#ifdef HAS_WRITEBACK_DIRTY_FOLIO
TRACEPOINT_PROBE(writeback, writeback_dirty_folio)
{
    struct cache_value add = {.dirtied = 1};

    if (!fs_skip())
        note(&add);
    return 0;
}
#endif

#ifdef HAS_WRITEBACK_DIRTY_PAGE
TRACEPOINT_PROBE(writeback, writeback_dirty_page)
{
    struct cache_value add = {.dirtied = 1};

    if (!fs_skip())
        note(&add);
    return 0;
}
#endif

// A started program: once it is loaded, the kernel holds its arguments in one piece (mm->arg_start to arg_end), so all of
// them are read at once. A failed start leaves only the caller's own pointers: the arguments are collected one by one.
#include <linux/binfmts.h>
#include <linux/sched.h>

#define ARGS_BYTES 65536
#define WALK_ARGS 256
#define WALK_BYTES 16384

struct attempt {
    const char *file;
    const char *const *argv;
};

// Twice the size: the verifier sees that a read of WALK_BYTES fits behind any offset below WALK_BYTES.
struct scratch {
    char bytes[2 * WALK_BYTES];
};

BPF_HASH(attempts, u32, struct attempt, 16384);
// Per CPU is safe: the kernel keeps preemption off while a program runs on a system call's tracepoint.
BPF_PERCPU_ARRAY(scratch, struct scratch, 1);

static __always_inline void fill(struct execs *row)
{
    struct task_struct *task = (void *)bpf_get_current_task(), *parent = 0;

    bpf_probe_read_kernel(&parent, sizeof(parent), &task->real_parent);
    bpf_probe_read_kernel(&row->ppid, sizeof(row->ppid), &parent->tgid);
    bpf_probe_read_kernel(row->pcomm, sizeof(row->pcomm), parent->comm);
    bpf_get_current_comm(row->comm, sizeof(row->comm));
    row->time = bpf_ktime_get_boot_ns();
    row->pid = fs_pid();
    row->uid = fs_uid();
    row->cgroup = bpf_get_current_cgroup_id();
}

RAW_TRACEPOINT_PROBE(sched_process_exec)
{
    struct task_struct *task = (void *)ctx->args[0];
    struct linux_binprm *program = (void *)ctx->args[2];
    u32 old_tid = ctx->args[1];
    struct mm_struct *mm = 0;
    unsigned long start = 0, end = 0;
    struct execs row = {};

    // A thread that starts a program takes over its process's id: what it left under its own would never be found.
    attempts.delete(&old_tid);
    if (OUTCOME == OUTCOME_FAILED || fs_skip())
        return 0;
    bpf_probe_read_kernel(&mm, sizeof(mm), &task->mm);
    bpf_probe_read_kernel(&start, sizeof(start), &mm->arg_start);
    bpf_probe_read_kernel(&end, sizeof(end), &mm->arg_end);
    bpf_probe_read_kernel(&row.argc, sizeof(row.argc), &program->argc);
    fill(&row);
    row.cut = end - start > ARGS_BYTES;
    execs_emit_user(&row, (void *)start, end - start);
    return 0;
}

// The file, then argv[1] and so on, each with its NUL. Returns the bytes used.
static __always_inline u32 collect(struct attempt *attempt, struct scratch *out, struct execs *row)
{
    const char *arg = attempt->file;
    u64 used = 0;
    s64 n;

    for (u32 i = 1; i <= WALK_ARGS; i++) {
        n = bpf_probe_read_user_str(&out->bytes[used & (WALK_BYTES - 1)], WALK_BYTES, arg);
        // No branch on an error: two paths for each argument would be too many for the verifier.
        used += n & ~(n >> 63);
        row->argc = i;
        arg = 0;
        bpf_probe_read_user(&arg, sizeof(arg), &attempt->argv[i]);
        if (!arg || used >= WALK_BYTES)
            break;
    }
    row->cut = arg || used >= WALK_BYTES;
    return used < WALK_BYTES ? used : WALK_BYTES;
}

static __always_inline int enter(const char *file, const char *const *argv)
{
    u32 tid = fs_tid();
    struct attempt attempt = {.file = file, .argv = argv};

    if (OUTCOME == OUTCOME_STARTED || fs_skip())
        return 0;
    if (attempts.update(&tid, &attempt))
        fs_lose(FS_LOST_MAP_FULL);
    return 0;
}

static __always_inline int leave(long ret)
{
    u32 tid = fs_tid();
    int first = 0;
    struct attempt *found = attempts.lookup(&tid);
    struct scratch *out = scratch.lookup(&first);
    struct execs row = {};

    if (!found)
        return 0;
    struct attempt attempt = *found;
    attempts.delete(&tid);
    if (ret >= 0 || !out)
        return 0;
    row.err = -ret;
    u32 used = collect(&attempt, out, &row);
    fill(&row);
    execs_emit_kernel(&row, out->bytes, used);
    return 0;
}

TRACEPOINT_PROBE(syscalls, sys_enter_execve)
{
    return enter(args->filename, args->argv);
}

TRACEPOINT_PROBE(syscalls, sys_exit_execve)
{
    return leave(args->ret);
}

TRACEPOINT_PROBE(syscalls, sys_enter_execveat)
{
    return enter(args->filename, args->argv);
}

TRACEPOINT_PROBE(syscalls, sys_exit_execveat)
{
    return leave(args->ret);
}

// Whether the return of a call will be seen, asked at its entry. For tools that ask for it with FS_RETURNS.
#ifdef FS_RETURNS
#define FS_OPEN_CALLS 64 // MAX_URETPROBE_DEPTH of linux/uprobes.h: of a thread, for all that trace it together

static __always_inline bool fs_returns(void)
{
    struct task_struct *task = (void *)bpf_get_current_task();
    struct uprobe_task *calls = 0;
    u32 open = 0;

    bpf_probe_read_kernel(&calls, sizeof(calls), &task->utask);
    bpf_probe_read_kernel(&open, sizeof(open), &calls->depth);
    return open < FS_OPEN_CALLS;
}
#endif

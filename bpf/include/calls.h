// System calls from entry to return: what a call was asked is kept by thread at its entry, and its row written at its
// return, when the outcome is known. A pointer to a string is read then: the kernel has read it too, so its page is there.
// For tools that ask for it with FS_CALLS.
#ifdef FS_CALLS
struct fs_call {
    const char *path;
    u32 number; // of the system call
    s32 folder; // descriptor of the one in which a relative path starts
    u32 asked[4]; // no hole behind: kernels before 6.2 refuse a value that is not written as a whole
};

BPF_HASH(fs_calls, u32, struct fs_call, 65536);

// The filters have been asked before. A thread makes one call at a time: one that is still here has returned unseen.
static __always_inline int fs_call_enter(struct fs_call *call)
{
    u32 tid = fs_tid();

    if (!fs_calls.delete(&tid))
        fs_lose(FS_LOST_UNSEEN);
    if (fs_calls.update(&tid, call))
        fs_lose(FS_LOST_MAP_FULL);
    return 0;
}

// False when the call is not wanted, or was made before the run.
static __always_inline bool fs_call_leave(struct fs_call *call)
{
    u32 tid = fs_tid();
    struct fs_call *found = fs_calls.lookup(&tid);

    if (!found)
        return false;
    *call = *found;
    fs_calls.delete(&tid);
    return true;
}

// The columns that all rows of system calls have.
#define FS_CALLER(row, ret)                                                                                            \
    do {                                                                                                               \
        (row).time = bpf_ktime_get_boot_ns();                                                                          \
        (row).pid = fs_pid();                                                                                          \
        (row).tid = fs_tid();                                                                                          \
        (row).uid = fs_uid();                                                                                          \
        (row).cgroup = bpf_get_current_cgroup_id();                                                                    \
        (row).err = (ret) < 0 ? -(ret) : 0;                                                                            \
        bpf_get_current_comm((row).comm, sizeof((row).comm));                                                          \
    } while (0)
#endif

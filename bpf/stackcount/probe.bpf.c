// The kernel's id for a half that is not there: only the stack of the program is taken.
#define NO_STACK (-EFAULT)

int on_call(struct pt_regs *ctx)
{
    struct calls_key key = {.pid = fs_pid(), .function = fs_function(ctx), .stack_kernel = NO_STACK};
    struct calls_value add = {.calls = 1};

    if (fs_skip())
        return 0;
    bpf_get_current_comm(key.comm, sizeof(key.comm));
    // At the first instruction the top of the stack is where the function returns to.
    bpf_probe_read_user(&key.stack_caller, sizeof(key.stack_caller), (void *)PT_REGS_SP(ctx));
    key.stack_user = calls_stack(ctx, BPF_F_USER_STACK);
    if (key.stack_user == -EEXIST) {
        fs_lose(FS_LOST_STACK_FULL);
        return 0;
    }
    calls_add(&key, &add);
    return 0;
}

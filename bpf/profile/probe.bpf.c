// A timer on every CPU takes the stack of the task that runs there; a CPU that has nothing to do is not sampled.
#include <uapi/linux/bpf_perf_event.h>

// The kernel's id for a half that is not there: a kernel thread's user stack, or a half that was not asked for.
#define NO_STACK (-EFAULT)

int on_sample(struct bpf_perf_event_data *ctx)
{
    struct samples_key key = {.pid = fs_pid(), .stack_user = NO_STACK, .stack_kernel = NO_STACK};
    struct samples_value add = {.samples = 1};

    if (!fs_tid() || fs_skip())
        return 0;
    bpf_get_current_comm(key.comm, sizeof(key.comm));
    if (STACKS != STACKS_KERNEL)
        key.stack_user = samples_stack(&ctx->regs, BPF_F_USER_STACK);
    if (STACKS != STACKS_USER)
        key.stack_kernel = samples_stack(&ctx->regs, 0);
    if (key.stack_user == -EEXIST || key.stack_kernel == -EEXIST) {
        fs_lose(FS_LOST_STACK_FULL);
        return 0;
    }
    samples_add(&key, &add);
    return 0;
}

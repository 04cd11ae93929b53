int on_call(struct pt_regs *ctx)
{
    struct calls_key key = {.function = fs_function(ctx)};
    struct calls_value add = {.calls = 1};

    if (fs_skip())
        return 0;
#ifdef CALLS_HAS_PID
    key.pid = fs_pid();
    bpf_get_current_comm(key.comm, sizeof(key.comm));
#endif
    calls_add(&key, &add);
    return 0;
}

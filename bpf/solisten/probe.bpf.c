// The socket is read when the call returns: only then it has the port that the kernel chose for one without.
TRACEPOINT_PROBE(syscalls, sys_enter_listen)
{
    struct fs_call call = {.asked = {args->fd, args->backlog}};

    return fs_skip() ? 0 : fs_call_enter(&call);
}

static __always_inline void describe(struct sock *sk, struct listens *row)
{
    u16 family = fs_family(sk);

    row->netns = fs_netns(sk);
    bpf_probe_read_kernel(&row->protocol, sizeof(row->protocol), &sk->sk_protocol);
    if (family != AF_INET && family != AF_INET6)
        return;
    fs_local(sk, row->laddr, &row->lport);
    row->ip = fs_ip_version(row->laddr);
}

TRACEPOINT_PROBE(syscalls, sys_exit_listen)
{
    struct fs_call call;
    struct listens row = {};

    if (!fs_call_leave(&call))
        return 0;
    row.fd = call.asked[0];
    row.backlog = call.asked[1];
    struct sock *sk = fs_sock(row.fd);
    if (sk)
        describe(sk, &row);
    if (NETNS && row.netns != (u32)NETNS)
        return 0;
    FS_CALLER(row, args->ret);
    listens_emit(&row);
    return 0;
}

// The socket is read when the call returns: only then it has the port that the kernel chose for one without.
struct start {
    s32 fd;
    s32 backlog;
};

BPF_HASH(starts, u32, struct start, 16384);

TRACEPOINT_PROBE(syscalls, sys_enter_listen)
{
    u32 tid = fs_tid();
    struct start start = {.fd = args->fd, .backlog = args->backlog};

    if (fs_skip())
        return 0;
    if (starts.update(&tid, &start))
        fs_lose(FS_LOST_MAP_FULL);
    return 0;
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
    u32 tid = fs_tid();
    struct start *start = starts.lookup(&tid);
    struct listens row = {};

    if (!start)
        return 0;
    row.fd = start->fd;
    row.backlog = start->backlog;
    starts.delete(&tid);
    struct sock *sk = fs_sock(row.fd);
    if (sk)
        describe(sk, &row);
    if (NETNS && row.netns != (u32)NETNS)
        return 0;
    row.time = bpf_ktime_get_boot_ns();
    row.pid = fs_pid();
    row.tid = tid;
    row.uid = fs_uid();
    row.cgroup = bpf_get_current_cgroup_id();
    row.err = args->ret < 0 ? -args->ret : 0;
    bpf_get_current_comm(row.comm, sizeof(row.comm));
    listens_emit(&row);
    return 0;
}

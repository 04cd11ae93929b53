// A client's first change comes before it has a local port and its last after the remote one is forgotten: a socket that
// matched once is followed to its end.
BPF_TABLE("hash", u64, u64, since, 65536);

static __always_inline bool unwanted(struct changes *row)
{
    return (IP_VERSION == IP_VERSION_V4 && row->ip != 4) || (IP_VERSION == IP_VERSION_V6 && row->ip != 6) ||
           (LPORT && row->lport != LPORT) || (RPORT && row->rport != RPORT) || (NETNS && row->netns != (u32)NETNS);
}

RAW_TRACEPOINT_PROBE(inet_sock_set_state)
{
    struct sock *sk = (void *)ctx->args[0];
    struct changes row = {};
    u64 key = (u64)sk;
    u64 *start = since.lookup(&key);
    u32 newstate = ctx->args[2];

    if (!fs_is_tcp(sk))
        return 0;
    fs_ends(sk, row.laddr, &row.lport, row.raddr, &row.rport);
    row.ip = fs_ip_of(row.laddr, row.raddr);
    row.netns = fs_netns(sk);
    if (!start && (unwanted(&row) || fs_skip_sock(sk)))
        return 0;
    row.time = bpf_ktime_get_boot_ns();
    row.duration = start ? row.time - *start : 0;
    if (newstate == TCP_CLOSE)
        since.delete(&key);
    else if (since.update(&key, (u64 *)&row.time))
        fs_lose(FS_LOST_MAP_FULL); // a later change, which no longer matches
    row.socket = key;
    row.uid = fs_sock_uid(sk);
    row.cgroup = fs_sock_cgroup(sk);
    row.pid = fs_pid();
    bpf_get_current_comm(row.comm, sizeof(row.comm));
    fs_tcp_state(row.oldstate, ctx->args[1]);
    fs_tcp_state(row.newstate, newstate);
    changes_emit(&row);
    return 0;
}

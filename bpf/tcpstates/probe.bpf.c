// The event carries ports and addresses itself, IPv4 mapped into IPv6. A client's first change comes before it has a local
// port and its last after the remote one is forgotten: a socket that matched once is followed to its end.
// The least recently used socket gives way: without its start a change is shown all the same.
BPF_TABLE("lru_hash", u64, u64, since, 65536);

static __always_inline bool unwanted(struct changes *row)
{
    return (IP_VERSION == IP_VERSION_V4 && row->ip != 4) || (IP_VERSION == IP_VERSION_V6 && row->ip != 6) ||
           (LPORT && row->lport != LPORT) || (RPORT && row->rport != RPORT) || (NETNS && row->netns != (u32)NETNS);
}

TRACEPOINT_PROBE(sock, inet_sock_set_state)
{
    struct changes row = {};
    struct sock *sk = (void *)args->skaddr;
    u64 key = (u64)sk;
    u64 *start = since.lookup(&key);
    u32 newstate = args->newstate;

    if (args->protocol != IPPROTO_TCP)
        return 0;
    row.lport = args->sport;
    row.rport = args->dport;
    bpf_probe_read_kernel(row.laddr, FS_ADDRESS_BYTES, args->saddr_v6);
    bpf_probe_read_kernel(row.raddr, FS_ADDRESS_BYTES, args->daddr_v6);
    row.ip = fs_ip_of(row.laddr, row.raddr);
    row.netns = fs_netns(sk);
    if (!start && unwanted(&row))
        return 0;
    row.time = bpf_ktime_get_boot_ns();
    row.duration = start ? row.time - *start : 0;
    if (newstate == TCP_CLOSE)
        since.delete(&key);
    else
        since.update(&key, (u64 *)&row.time);
    row.socket = key;
    row.pid = fs_pid();
    bpf_get_current_comm(row.comm, sizeof(row.comm));
    fs_tcp_state(row.oldstate, args->oldstate);
    fs_tcp_state(row.newstate, newstate);
    changes_emit(&row);
    return 0;
}

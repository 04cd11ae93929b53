// Both events carry ports and addresses themselves, IPv4 mapped into IPv6. The answer to a connection that is being made
// has no socket of its own yet: its state is the kernel's NEW_SYN_RECV, and the listening socket tells the namespace.
static __always_inline void emit(struct sock *sk, u32 state, struct packets *row)
{
    row->netns = fs_netns(sk);
    row->ip = fs_ip_of(row->laddr, row->raddr);
    if ((IP_VERSION == IP_VERSION_V4 && row->ip != 4) || (IP_VERSION == IP_VERSION_V6 && row->ip != 6) ||
        (LPORT && row->lport != LPORT) || (RPORT && row->rport != RPORT) || (NETNS && row->netns != (u32)NETNS))
        return;
    row->time = bpf_ktime_get_boot_ns();
    fs_tcp_state(row->state, state);
    packets_emit(row);
}

TRACEPOINT_PROBE(tcp, tcp_retransmit_skb)
{
    struct packets row = {};
    char kind[8] = "segment";

    row.lport = args->sport;
    row.rport = args->dport;
    bpf_probe_read_kernel(row.laddr, FS_ADDRESS_BYTES, args->saddr_v6);
    bpf_probe_read_kernel(row.raddr, FS_ADDRESS_BYTES, args->daddr_v6);
    __builtin_memcpy(row.kind, kind, sizeof(kind));
    emit((void *)args->skaddr, args->state, &row);
    return 0;
}

TRACEPOINT_PROBE(tcp, tcp_retransmit_synack)
{
    struct packets row = {};
    char kind[8] = "synack";

    row.lport = args->sport;
    row.rport = args->dport;
    bpf_probe_read_kernel(row.laddr, FS_ADDRESS_BYTES, args->saddr_v6);
    bpf_probe_read_kernel(row.raddr, FS_ADDRESS_BYTES, args->daddr_v6);
    __builtin_memcpy(row.kind, kind, sizeof(kind));
    emit((void *)args->skaddr, TCP_NEW_SYN_RECV, &row);
    return 0;
}

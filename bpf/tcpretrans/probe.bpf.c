// The answer to a connection that is being made has no socket of its own yet: its state is the kernel's NEW_SYN_RECV, and
// the listening socket tells namespace and owner.
static __always_inline void emit(struct sock *sk, u32 state, struct packets *row)
{
    row->netns = fs_netns(sk);
    row->ip = fs_ip_of(row->laddr, row->raddr);
    if (fs_skip_sock(sk) ||
        (IP_VERSION == IP_VERSION_V4 && row->ip != 4) || (IP_VERSION == IP_VERSION_V6 && row->ip != 6) ||
        (LPORT && row->lport != LPORT) || (RPORT && row->rport != RPORT) || (NETNS && row->netns != (u32)NETNS))
        return;
    row->uid = fs_sock_uid(sk);
    row->cgroup = fs_sock_cgroup(sk);
    row->time = bpf_ktime_get_boot_ns();
    fs_tcp_state(row->state, state);
    packets_emit(row);
}

RAW_TRACEPOINT_PROBE(tcp_retransmit_skb)
{
    struct sock *sk = (void *)ctx->args[0];
    struct packets row = {.kind = "segment"};
    u8 state = 0;

    fs_ends(sk, row.laddr, &row.lport, row.raddr, &row.rport);
    bpf_probe_read_kernel(&state, sizeof(state), (void *)&sk->__sk_common.skc_state);
    emit(sk, state, &row);
    return 0;
}

// A request for a connection begins like a socket.
RAW_TRACEPOINT_PROBE(tcp_retransmit_synack)
{
    struct sock *request = (void *)ctx->args[1];
    struct packets row = {.kind = "synack"};

    fs_local(request, row.laddr, &row.lport);
    fs_remote(request, row.raddr, &row.rport);
    emit((void *)ctx->args[0], TCP_NEW_SYN_RECV, &row);
    return 0;
}

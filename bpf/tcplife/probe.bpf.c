// A session begins with its first packet, which for a server is before any process has accepted it; whose it is comes with
// accept, for a client with connect. Both are kept by socket until its end.
#define DONE_FLAG (1UL << 1) // SOCK_DONE, include/net/sock.h

struct life {
    u64 start;
    u64 cgroup;
    u32 pid;
    u32 tid;
    u32 uid;
    u32 established;
    char comm[16];
};

BPF_HASH(lives, u64, struct life, 65536);

// Without filters by task a session that nobody has accepted is shown too.
#ifdef FS_WANTED
#define OWNED_ONLY true
#else
#define OWNED_ONLY false
#endif

static __always_inline bool unwanted(struct sessions *row)
{
    return (IP_VERSION == IP_VERSION_V4 && row->ip != 4) || (IP_VERSION == IP_VERSION_V6 && row->ip != 6) ||
           (LPORT && row->lport != LPORT) || (RPORT && row->rport != RPORT) || (NETNS && row->netns != (u32)NETNS) ||
           (OWNED_ONLY && !row->pid);
}

static __always_inline void own(struct life *life)
{
    life->cgroup = bpf_get_current_cgroup_id();
    life->pid = fs_pid();
    life->tid = fs_tid();
    life->uid = fs_uid();
    bpf_get_current_comm(life->comm, sizeof(life->comm));
}

static __always_inline void count_bytes(struct sock *sk, struct sessions *row)
{
    struct tcp_sock *tcp = (void *)sk;
    u64 again = 0;
    unsigned long flags = 0;

    bpf_probe_read_kernel(&row->tx, sizeof(row->tx), &tcp->bytes_sent);
    bpf_probe_read_kernel(&again, sizeof(again), &tcp->bytes_retrans);
    bpf_probe_read_kernel(&row->rx, sizeof(row->rx), &tcp->bytes_received);
    bpf_probe_read_kernel(&flags, sizeof(flags), &sk->__sk_common.skc_flags);
    row->tx -= again;
    // The peer's FIN counts as a byte received (tcp_rcv_nxt_update); taking it in sets SOCK_DONE (tcp_fin).
    if (flags & DONE_FLAG && row->rx)
        row->rx--;
}

static __always_inline void begin(u64 key, u32 state)
{
    struct life *known = lives.lookup(&key), life = {};

    if (known) {
        known->established |= state == TCP_ESTABLISHED;
        return;
    }
    if (state == TCP_SYN_SENT) {
        if (fs_skip())
            return;
        own(&life);
    }
    life.start = bpf_ktime_get_boot_ns();
    if (lives.update(&key, &life))
        fs_lose(FS_LOST_MAP_FULL);
}

RAW_TRACEPOINT_PROBE(inet_sock_set_state)
{
    struct sock *sk = (void *)ctx->args[0];
    u64 key = (u64)sk;
    u32 new = ctx->args[2];
    struct sessions row = {};

    if (!fs_is_tcp(sk))
        return 0;
    // Only a session's first packets begin it: any other socket is older than the run.
    if (new == TCP_SYN_SENT || new == TCP_SYN_RECV || (new == TCP_ESTABLISHED && lives.lookup(&key)))
        begin(key, new);
    struct life *found = lives.lookup(&key);
    if (new != TCP_CLOSE || !found)
        return 0;
    struct life life = *found;
    lives.delete(&key);
    fs_ends(sk, row.laddr, &row.lport, row.raddr, &row.rport);
    row.ip = fs_ip_of(row.laddr, row.raddr);
    row.netns = fs_netns(sk);
    row.pid = life.pid;
    if (!life.established || unwanted(&row))
        return 0;
    count_bytes(sk, &row);
    row.time = bpf_ktime_get_boot_ns();
    row.duration = row.time - life.start;
    row.tid = life.tid;
    row.uid = life.uid;
    row.cgroup = life.cgroup;
    __builtin_memcpy(row.comm, life.comm, sizeof(row.comm));
    sessions_emit(&row);
    return 0;
}

static __always_inline int accepted(long fd)
{
    struct sock *sk = fd < 0 ? 0 : fs_sock(fd);
    u64 key = (u64)sk;
    struct life *life = lives.lookup(&key);

    if (!life || life->pid)
        return 0;
    if (fs_skip())
        lives.delete(&key);
    else
        own(life);
    return 0;
}

TRACEPOINT_PROBE(syscalls, sys_exit_accept)
{
    return accepted(args->ret);
}

TRACEPOINT_PROBE(syscalls, sys_exit_accept4)
{
    return accepted(args->ret);
}

// Whose a connection is, is known where a process makes or accepts it; its end may be seen while anything runs. So the
// owner is kept by socket. A client's connection is reported once it is made, in packet handling, with the owner kept.
struct owner {
    u64 cgroup;
    u32 pid;
    u32 tid;
    u32 uid;
    char comm[16];
};

BPF_HASH(owners, u64, struct owner, 65536);

#define KIND_CONNECT 0
#define KIND_ACCEPT 1
#define KIND_CLOSE 2

static __always_inline void own(u64 key, struct owner *owner)
{
    owner->cgroup = bpf_get_current_cgroup_id();
    owner->pid = fs_pid();
    owner->tid = fs_tid();
    owner->uid = fs_uid();
    bpf_get_current_comm(owner->comm, sizeof(owner->comm));
    if (owners.update(&key, owner))
        fs_lose(FS_LOST_MAP_FULL);
}

static __always_inline void set_kind(char *kind, u32 number)
{
    char connect[8] = "connect", accept[8] = "accept", close[8] = "close";

    if (number == KIND_CONNECT)
        __builtin_memcpy(kind, connect, sizeof(connect));
    else if (number == KIND_ACCEPT)
        __builtin_memcpy(kind, accept, sizeof(accept));
    else
        __builtin_memcpy(kind, close, sizeof(close));
}

static __always_inline void emit(u32 kind, struct owner *owner, struct sock *sk, struct connections *row)
{
    row->ip = fs_ip_of(row->laddr, row->raddr);
    row->netns = fs_netns(sk);
    if ((IP_VERSION == IP_VERSION_V4 && row->ip != 4) || (IP_VERSION == IP_VERSION_V6 && row->ip != 6) ||
        (NETNS && row->netns != (u32)NETNS))
        return;
    set_kind(row->kind, kind);
    row->time = bpf_ktime_get_boot_ns();
    row->cgroup = owner->cgroup;
    row->pid = owner->pid;
    row->tid = owner->tid;
    row->uid = owner->uid;
    __builtin_memcpy(row->comm, owner->comm, sizeof(row->comm));
    connections_emit(row);
}

static __always_inline bool is_end(u32 old, u32 new)
{
    return new == TCP_FIN_WAIT1 || new == TCP_LAST_ACK ||
           (new == TCP_CLOSE && (old == TCP_ESTABLISHED || old == TCP_CLOSE_WAIT));
}

RAW_TRACEPOINT_PROBE(inet_sock_set_state)
{
    struct sock *sk = (void *)ctx->args[0];
    u64 key = (u64)sk;
    u32 old = ctx->args[1], new = ctx->args[2];
    struct connections row = {};
    struct owner fresh = {};

    if (!fs_is_tcp(sk))
        return 0;
    if (new == TCP_SYN_SENT) {
        if (!fs_skip())
            own(key, &fresh);
        return 0;
    }
    struct owner *owner = owners.lookup(&key);
    bool made = old == TCP_SYN_SENT && new == TCP_ESTABLISHED;
    if (!owner)
        return 0;
    // A socket has lost its local port when it closes, which the event still knows.
    fs_ends(sk, row.laddr, &row.lport, row.raddr, &row.rport);
    if (made || is_end(old, new))
        emit(made ? KIND_CONNECT : KIND_CLOSE, owner, sk, &row);
    if (!made && (is_end(old, new) || new == TCP_CLOSE))
        owners.delete(&key);
    return 0;
}

static __always_inline int accepted(long fd)
{
    struct connections row = {};
    struct owner owner = {};
    u8 state = 0;

    if (fd < 0 || fs_skip())
        return 0;
    struct sock *sk = fs_sock(fd);
    if (!sk || !fs_is_tcp(sk))
        return 0;
    bpf_probe_read_kernel(&state, sizeof(state), (void *)&sk->__sk_common.skc_state);
    fs_local(sk, row.laddr, &row.lport);
    fs_remote(sk, row.raddr, &row.rport);
    own((u64)sk, &owner);
    emit(KIND_ACCEPT, &owner, sk, &row);
    if (state == TCP_CLOSE) { // reset before it was accepted: no change will follow
        u64 key = (u64)sk;

        emit(KIND_CLOSE, &owner, sk, &row);
        owners.delete(&key);
    }
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

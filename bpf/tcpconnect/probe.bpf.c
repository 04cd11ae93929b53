// A call of connect is an attempt when it sends a SYN or fails before; asking again how a connection is doing is none.
// Where to is kept when the SYN is sent: a socket that was refused has forgotten it when the call returns.
#include <linux/in.h>
#include <linux/in6.h>

#define ERESTARTSYS 512 // include/linux/errno.h: the program sees EINTR, or the call starts again
#define EISCONN 106
#define EALREADY 114

struct start {
    struct connects row;
    const struct sockaddr *to;
    u32 fd;
    u32 sent;
};

BPF_HASH(starts, u32, struct start, 16384);

static __always_inline bool unwanted(struct connects *row)
{
    return (IP_VERSION == IP_VERSION_V4 && row->ip != 4) || (IP_VERSION == IP_VERSION_V6 && row->ip != 6) ||
           (RPORT && row->rport != RPORT) || (NETNS && row->netns != (u32)NETNS) ||
           (FAILED_ONLY && (!row->err || row->err == EINPROGRESS));
}

static __always_inline void finish(struct connects *row, u64 started)
{
    row->ip = fs_ip_of(row->laddr, row->raddr);
    if (unwanted(row))
        return;
    row->time = bpf_ktime_get_boot_ns();
    row->duration = started ? row->time - started : 0;
    row->pid = fs_pid();
    row->tid = fs_tid();
    row->uid = fs_uid();
    row->cgroup = bpf_get_current_cgroup_id();
    bpf_get_current_comm(row->comm, sizeof(row->comm));
    connects_emit(row);
}

TRACEPOINT_PROBE(syscalls, sys_enter_connect)
{
    u32 tid = fs_tid();
    struct start start = {.to = (void *)args->uservaddr, .fd = args->fd};

    if (fs_skip())
        return 0;
    start.row.time = bpf_ktime_get_boot_ns();
    if (starts.update(&tid, &start))
        fs_lose(FS_LOST_MAP_FULL);
    return 0;
}

RAW_TRACEPOINT_PROBE(inet_sock_set_state)
{
    struct sock *sk = (void *)ctx->args[0];
    u32 tid = fs_tid();
    struct start *start = starts.lookup(&tid);
    struct connects row = {};

    if (ctx->args[2] != TCP_SYN_SENT || !fs_is_tcp(sk) || fs_skip())
        return 0;
    row.netns = fs_netns(sk);
    fs_ends(sk, row.laddr, &row.lport, row.raddr, &row.rport);
    if (!start) {
        // Not by connect: TCP Fast Open or io_uring.
        finish(&row, 0);
        return 0;
    }
    row.time = start->row.time;
    start->row = row;
    start->sent = 1;
    return 0;
}

// Where a call that sent nothing was to go.
static __always_inline void read_target(const struct sockaddr *to, struct connects *row)
{
    struct sockaddr_in6 in6 = {};
    struct sockaddr_in in = {};

    bpf_probe_read_user(&in, sizeof(in), to);
    row->rport = ntohs(in.sin_port);
    if (in.sin_family == AF_INET) {
        fs_ipv4(row->raddr, in.sin_addr.s_addr);
        return;
    }
    bpf_probe_read_user(&in6, sizeof(in6), to);
    bpf_probe_read_kernel(row->raddr, FS_ADDRESS_BYTES, &in6.sin6_addr);
}

TRACEPOINT_PROBE(syscalls, sys_exit_connect)
{
    u32 tid = fs_tid();
    struct start *found = starts.lookup(&tid);
    u32 err = args->ret < 0 ? -args->ret : 0;
    struct connects row = {};

    if (!found)
        return 0;
    struct start start = *found;
    starts.delete(&tid);
    struct sock *sk = fs_sock(start.fd);
    if (!sk || !fs_is_tcp(sk))
        return 0;
    row = start.row;
    if (!start.sent) {
        if (!err || err == EISCONN || err == EALREADY || err == EINPROGRESS || err >= ERESTARTSYS)
            return 0;
        read_target(start.to, &row);
        row.netns = fs_netns(sk);
    }
    fs_local(sk, row.laddr, &row.lport);
    row.err = err < ERESTARTSYS ? err : EINTR;
    finish(&row, row.time);
    return 0;
}

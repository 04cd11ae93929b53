// Addresses of sockets, as a column of unit ip_address holds them: 16 bytes, IPv4 mapped into IPv6 (RFC 4291, 2.5.5.2).
// For tools that ask for it with FS_SOCKETS; fs_sock() needs FS_FILES too.
#ifdef FS_SOCKETS
#include <net/inet_sock.h>
#include <net/sock.h>
#include <net/tcp_states.h>

#define FS_ADDRESS_BYTES 16
#define FS_MAPPED 0xffff0000 // bytes 8 to 11 of a mapped address

struct fs_address {
    u32 words[4];
};

static __always_inline void fs_ipv4(char *out, u32 address)
{
    struct fs_address mapped = {.words = {0, 0, FS_MAPPED, address}};

    __builtin_memcpy(out, &mapped, sizeof(mapped));
}

// 4 also for IPv4 that goes through an IPv6 socket.
static __always_inline u8 fs_ip_version(const char *address)
{
    struct fs_address parts;

    __builtin_memcpy(&parts, address, sizeof(parts));
    return !parts.words[0] && !parts.words[1] && parts.words[2] == FS_MAPPED ? 4 : 6;
}

static __always_inline u8 fs_ip_of(const char *laddr, const char *raddr)
{
    return fs_ip_version(laddr) == 4 ? 4 : fs_ip_version(raddr);
}

static __always_inline u16 fs_family(struct sock *sk)
{
    u16 family = 0;

    bpf_probe_read_kernel(&family, sizeof(family), &sk->__sk_common.skc_family);
    return family;
}

static __always_inline bool fs_is_tcp(struct sock *sk)
{
    u16 family = fs_family(sk), protocol = 0;

    bpf_probe_read_kernel(&protocol, sizeof(protocol), &sk->sk_protocol);
    return (family == AF_INET || family == AF_INET6) && protocol == IPPROTO_TCP;
}

static __always_inline void fs_local(struct sock *sk, char *address, u16 *port)
{
    u32 ipv4 = 0;

    bpf_probe_read_kernel(port, sizeof(*port), &sk->__sk_common.skc_num);
    if (fs_family(sk) == AF_INET6) {
        bpf_probe_read_kernel(address, FS_ADDRESS_BYTES, &sk->__sk_common.skc_v6_rcv_saddr);
        return;
    }
    bpf_probe_read_kernel(&ipv4, sizeof(ipv4), &sk->__sk_common.skc_rcv_saddr);
    fs_ipv4(address, ipv4);
}

static __always_inline void fs_remote(struct sock *sk, char *address, u16 *port)
{
    u32 ipv4 = 0;
    u16 network_port = 0;

    bpf_probe_read_kernel(&network_port, sizeof(network_port), &sk->__sk_common.skc_dport);
    *port = ntohs(network_port);
    if (fs_family(sk) == AF_INET6) {
        bpf_probe_read_kernel(address, FS_ADDRESS_BYTES, &sk->__sk_common.skc_v6_daddr);
        return;
    }
    bpf_probe_read_kernel(&ipv4, sizeof(ipv4), &sk->__sk_common.skc_daddr);
    fs_ipv4(address, ipv4);
}

// Of a socket that may have closed: what is kept here outlives the port that it gives back.
static __always_inline void fs_ends(struct sock *sk, char *laddr, u16 *lport, char *raddr, u16 *rport)
{
    struct inet_sock *inet = (void *)sk;
    u32 ipv4 = 0;
    u16 network_port = 0;

    fs_local(sk, laddr, lport);
    fs_remote(sk, raddr, rport);
    bpf_probe_read_kernel(&network_port, sizeof(network_port), &inet->inet_sport);
    *lport = ntohs(network_port);
    if (fs_family(sk) == AF_INET6)
        return;
    bpf_probe_read_kernel(&ipv4, sizeof(ipv4), &inet->inet_saddr);
    fs_ipv4(laddr, ipv4);
}

// A column of unit word: the name of a state as the kernel has it, without its TCP_ (include/net/tcp_states.h).
#define FS_WORD(column, word) __builtin_memcpy(column, (const char[sizeof(column)]){word}, sizeof(column))

struct fs_state {
    char text[16];
};

static __always_inline void fs_tcp_state(char *column, u32 number)
{
    struct fs_state name = {};

    switch (number) {
    case TCP_ESTABLISHED: FS_WORD(name.text, "ESTABLISHED"); break;
    case TCP_SYN_SENT: FS_WORD(name.text, "SYN_SENT"); break;
    case TCP_SYN_RECV: FS_WORD(name.text, "SYN_RECV"); break;
    case TCP_FIN_WAIT1: FS_WORD(name.text, "FIN_WAIT1"); break;
    case TCP_FIN_WAIT2: FS_WORD(name.text, "FIN_WAIT2"); break;
    case TCP_TIME_WAIT: FS_WORD(name.text, "TIME_WAIT"); break;
    case TCP_CLOSE: FS_WORD(name.text, "CLOSE"); break;
    case TCP_CLOSE_WAIT: FS_WORD(name.text, "CLOSE_WAIT"); break;
    case TCP_LAST_ACK: FS_WORD(name.text, "LAST_ACK"); break;
    case TCP_LISTEN: FS_WORD(name.text, "LISTEN"); break;
    case TCP_CLOSING: FS_WORD(name.text, "CLOSING"); break;
    case TCP_NEW_SYN_RECV: FS_WORD(name.text, "NEW_SYN_RECV"); break;
    }
    __builtin_memcpy(column, &name, sizeof(name));
}

// Whose socket it is, as long as the kernel has it: who made it, or took the connection.
static __always_inline u32 fs_sock_uid(struct sock *sk)
{
    u32 uid = 0;

    bpf_probe_read_kernel(&uid, sizeof(uid), &sk->sk_uid);
    return uid;
}

// Group of cgroup v2 in which the socket was made, or the listening one that it came from; zero when it has none.
static __always_inline struct cgroup *fs_sock_group(struct sock *sk)
{
    u64 data = 0;

    // A pointer. Before Linux 5.15 it shares its place with numbers of cgroup v1, which set the lowest bit, and has a
    // flag in the next one (linux/cgroup-defs.h). Empty in a kernel without control groups for sockets.
    if (sizeof(sk->sk_cgrp_data) < sizeof(data))
        return 0;
    bpf_probe_read_kernel(&data, sizeof(data), &sk->sk_cgrp_data);
    return (struct cgroup *)(data & 1 ? 0 : data & ~3ULL);
}

static __always_inline u64 fs_sock_cgroup(struct sock *sk)
{
    struct cgroup *group = fs_sock_group(sk);
    struct kernfs_node *node = 0;
    u64 id = 0;

    bpf_probe_read_kernel(&node, sizeof(node), &group->kn);
    bpf_probe_read_kernel(&id, sizeof(id), &node->id);
    return id;
}

// What fs_skip() says of the current task, of a socket's owner: for tools that ask for FS_TASKS too.
#ifdef FS_TASKS
static __always_inline bool fs_skip_sock(struct sock *sk)
{
#if defined(FS_UID) || defined(FS_NOT_UID)
    if (fs_other_uid(fs_sock_uid(sk)))
        return true;
#endif
#ifdef FS_GROUPS
    if (fs_other_groups(fs_bits_upwards(fs_sock_group(sk), 0)))
        return true;
#endif
    return false;
}
#endif

static __always_inline u32 fs_netns(struct sock *sk)
{
    struct net *net = 0;
    u32 number = 0;

    bpf_probe_read_kernel(&net, sizeof(net), &sk->__sk_common.skc_net.net);
    bpf_probe_read_kernel(&number, sizeof(number), &net->ns.inum);
    return number;
}

#ifdef FS_FILES
#include <linux/net.h>

// Zero when the descriptor is no socket.
static __always_inline struct sock *fs_sock(u32 fd)
{
    struct file *file = fs_file(fd);
    struct inode *inode = fs_inode(file);
    struct socket *socket = 0;
    struct sock *sk = 0;
    umode_t mode = 0;

    bpf_probe_read_kernel(&mode, sizeof(mode), &inode->i_mode);
    if ((mode & S_IFMT) != S_IFSOCK)
        return 0;
    bpf_probe_read_kernel(&socket, sizeof(socket), &file->private_data);
    bpf_probe_read_kernel(&sk, sizeof(sk), &socket->sk);
    return sk;
}
#endif
#endif

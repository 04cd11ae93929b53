/* Names of the kernel's own headers that the stock tools use and ours do not: include/net/sock.h, inet_sock.h, ... */
#define sk_family __sk_common.skc_family
#define sk_state __sk_common.skc_state
#define sk_num __sk_common.skc_num
#define sk_dport __sk_common.skc_dport
#define sk_daddr __sk_common.skc_daddr
#define sk_rcv_saddr __sk_common.skc_rcv_saddr
#define sk_v6_daddr __sk_common.skc_v6_daddr
#define sk_v6_rcv_saddr __sk_common.skc_v6_rcv_saddr
#define inet_daddr sk.__sk_common.skc_daddr
#define inet_dport sk.__sk_common.skc_dport
#define inet_rcv_saddr sk.__sk_common.skc_rcv_saddr
#define inet_num sk.__sk_common.skc_num
#define inet_sk(socket) ((struct inet_sock *)(socket))
#define tcp_sk(socket) ((struct tcp_sock *)(socket))
#define REQ_OP_MASK 0xff
#define S_ISREG(mode) (((mode) & 0170000) == 0100000)
#define S_ISDIR(mode) (((mode) & 0170000) == 0040000)
#define S_ISSOCK(mode) (((mode) & 0170000) == 0140000)
#define O_APPEND 02000
#define O_DIRECTORY 0200000
#define O_NOFOLLOW 0400000
#define O_PATH 010000000
#define __O_TMPFILE 020000000
#define O_TMPFILE (__O_TMPFILE | O_DIRECTORY)
#define MINORMASK 0xfffff
#define READ 0
#define WRITE 1
#define TASK_COMM_LEN 16

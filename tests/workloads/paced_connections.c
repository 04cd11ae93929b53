// TCP connections over the loopback of a network namespace of its own, made, accepted and closed at both ends, at a rate.
// How it is asked: paced.h.
#include "paced.h"

#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static int listening;
static struct sockaddr_in to = {.sin_family = AF_INET};

static void raise_loopback(void)
{
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    int any = socket(AF_INET, SOCK_DGRAM, 0);

    need(!ioctl(any, SIOCSIFFLAGS, &request), "loopback");
    close(any);
}

// Each time to another address: the ports of ended connections are kept for a minute, for each address apart.
static void connect_one(void)
{
    static unsigned made;
    int client = socket(AF_INET, SOCK_STREAM, 0), server;

    to.sin_addr.s_addr = htonl(0x7f000001 + made++ % 250);
    need(!connect(client, (void *)&to, sizeof(to)), "connect");
    server = accept(listening, NULL, NULL);
    need(server >= 0, "accept");
    close(client);
    close(server);
}

int main(void)
{
    struct sockaddr_in here = {.sin_family = AF_INET};
    socklen_t size = sizeof(here);

    need(!unshare(CLONE_NEWNET), "namespace");
    raise_loopback();
    listening = socket(AF_INET, SOCK_STREAM, 0);
    need(!bind(listening, (void *)&here, sizeof(here)) && !listen(listening, 64), "listen");
    need(!getsockname(listening, (void *)&here, &size), "port");
    to.sin_port = here.sin_port;
    return serve(connect_one);
}

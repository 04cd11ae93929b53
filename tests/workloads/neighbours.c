// Secrets right behind what is handed over: `neighbours CERT KEY SIZE...`. Each SIZE is written through TLS and read at the
// other end of a connection in memory, and given to data(): 'd' so many times, and behind it, in the same buffer, the
// secret again and again. The buffer that is read into is full of it. At last the secret itself is written once.
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECRET "<a secret behind the buffer>"
#define LARGEST (1 << 17)
#define BUFFERED (1 << 20)

static char given[LARGEST], taken[LARGEST];

static void need(int good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "neighbours: %s failed\n", what);
    _exit(1);
}

static void hide(char *buffer, int from)
{
    for (int at = from; at < LARGEST; at++)
        buffer[at] = SECRET[(at - from) % (sizeof(SECRET) - 1)];
}

__attribute__((noinline)) long data(const void *from, long size)
{
    asm volatile("" : : "r"(from), "r"(size) : "memory");
    return size;
}

static void move(SSL *client, SSL *server, int size)
{
    int done = SSL_write(client, given, size), left = size;

    need(size ? done == size : done <= 0, "writing");
    while (left > 0) {
        hide(taken, 0);
        int now = SSL_read(server, taken, sizeof(taken));
        need(now > 0, "reading");
        left -= now;
    }
}

int main(int argc, char **argv)
{
    need(argc > 3, "CERT KEY SIZE...");
    SSL_CTX *context = SSL_CTX_new(TLS_method());
    need(SSL_CTX_use_certificate_file(context, argv[1], SSL_FILETYPE_PEM) == 1, "the certificate");
    need(SSL_CTX_use_PrivateKey_file(context, argv[2], SSL_FILETYPE_PEM) == 1, "the key");

    SSL *client = SSL_new(context), *server = SSL_new(context);
    BIO *here, *there;

    need(BIO_new_bio_pair(&here, BUFFERED, &there, BUFFERED), "the connection");
    SSL_set_bio(client, here, here);
    SSL_set_bio(server, there, there);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    while (!SSL_is_init_finished(client) || !SSL_is_init_finished(server)) {
        SSL_do_handshake(client);
        SSL_do_handshake(server);
    }
    printf("%d\n", getpid());
    fflush(stdout);
    need(getchar() != EOF, "waiting");
    for (int i = 3; i < argc; i++) {
        int size = atoi(argv[i]);

        memset(given, 'd', size);
        hide(given, size);
        move(client, server, size);
        data(given, size);
        usleep(200);
    }
    hide(given, 0);
    move(client, server, sizeof(SECRET) - 1);
    data(given, sizeof(SECRET) - 1);
    return 0;
}

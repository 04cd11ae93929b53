// TLS with itself: `tls CERT KEY RECORDS THREADS [late]`. Each thread writes RECORDS records through one end of a
// connection in memory and reads them at the other; record i is i * 977 % 40000 + 1 bytes long, its byte j is (i + j) % 251.
// "late": the handshake comes after the start, too. Prints each thread's number and its connections' addresses.
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LARGEST 40000
#define BUFFERED (1 << 20)

static SSL_CTX *context;
static int records, threads;

struct pair {
    SSL *client, *server;
};

static void need(int good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "tls: %s failed\n", what);
    _exit(1);
}

static void shake(struct pair *pair)
{
    while (!SSL_is_init_finished(pair->client) || !SSL_is_init_finished(pair->server)) {
        SSL_do_handshake(pair->client);
        SSL_do_handshake(pair->server);
    }
}

static struct pair connect_pair(void)
{
    struct pair pair = {SSL_new(context), SSL_new(context)};
    BIO *here, *there;

    need(BIO_new_bio_pair(&here, BUFFERED, &there, BUFFERED), "the connection");
    SSL_set_bio(pair.client, here, here);
    SSL_set_bio(pair.server, there, there);
    SSL_set_connect_state(pair.client);
    SSL_set_accept_state(pair.server);
    return pair;
}

static void *exchange(void *given)
{
    struct pair *pair = given;
    static __thread char sent[LARGEST], got[LARGEST];

    for (int i = 0; i < records; i++) {
        int size = i * 977L % LARGEST + 1, left = size;

        for (int j = 0; j < size; j++)
            sent[j] = (i + j) % 251;
        need(SSL_write(pair->client, sent, size) == size, "writing");
        while (left) {
            int now = SSL_read(pair->server, got + size - left, left);
            need(now > 0, "reading");
            left -= now;
        }
        need(!memcmp(sent, got, size), "comparing");
        need(SSL_read(pair->server, got, sizeof(got)) <= 0, "finding nothing more");
    }
    printf("%ld %lu %lu\n", syscall(SYS_gettid), (long)pair->client, (long)pair->server);
    return 0;
}

int main(int argc, char **argv)
{
    need(argc >= 5, "CERT KEY RECORDS THREADS");
    context = SSL_CTX_new(TLS_method());
    need(SSL_CTX_use_certificate_file(context, argv[1], SSL_FILETYPE_PEM) == 1, "the certificate");
    need(SSL_CTX_use_PrivateKey_file(context, argv[2], SSL_FILETYPE_PEM) == 1, "the key");
    records = atoi(argv[3]);
    threads = atoi(argv[4]);

    struct pair pairs[threads];
    pthread_t started[threads];

    for (int i = 0; i < threads; i++) {
        pairs[i] = connect_pair();
        if (argc == 5)
            shake(&pairs[i]);
    }
    printf("%d\n", getpid());
    fflush(stdout);
    need(getchar() != EOF, "waiting");
    for (int i = 0; i < threads; i++) {
        shake(&pairs[i]);
        need(!pthread_create(&started[i], 0, exchange, &pairs[i]), "a thread");
    }
    for (int i = 0; i < threads; i++)
        pthread_join(started[i], 0);
    return 0;
}

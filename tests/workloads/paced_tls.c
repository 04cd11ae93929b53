// Records of 1 KiB through TLS with itself, each written and read, at a rate: paced_tls CERT KEY. How it is asked: paced.h.
#include "paced.h"

#include <openssl/ssl.h>

#define RECORD 1024

static SSL *client, *server;

static void exchange(void)
{
    static char sent[RECORD], got[RECORD];

    need(SSL_write(client, sent, RECORD) == RECORD && SSL_read(server, got, RECORD) == RECORD, "a record");
}

int main(int argc, char **argv)
{
    SSL_CTX *context = SSL_CTX_new(TLS_method());
    BIO *here, *there;

    need(argc > 2 && SSL_CTX_use_certificate_file(context, argv[1], SSL_FILETYPE_PEM) == 1, "the certificate");
    need(SSL_CTX_use_PrivateKey_file(context, argv[2], SSL_FILETYPE_PEM) == 1, "the key");
    client = SSL_new(context);
    server = SSL_new(context);
    need(BIO_new_bio_pair(&here, 0, &there, 0), "the connection");
    SSL_set_bio(client, here, here);
    SSL_set_bio(server, there, there);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    while (!SSL_is_init_finished(client) || !SSL_is_init_finished(server)) {
        SSL_do_handshake(client);
        SSL_do_handshake(server);
    }
    return serve(exchange);
}

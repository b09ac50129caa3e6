/* client.h - a raw XMPP client of the benchmark's: it knows a login and where a stanza ends.
 *
 * Noun: the client, one connection to 127.0.0.1, logged in by SASL PLAIN. No XML is parsed: a
 * stanza ends where its end tag stands, which is right for the stanzas that occur here and no
 * others.
 *
 * Failure modes: whatever isn't as expected ends the program (slice_die).
 * Thread: one for each client.
 */
#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

enum { CLIENT_HEAD_BYTES = 1024 }; /* room for the first tag of a stanza that a program writes */

struct client_bytes {
    char *at;
    size_t begin, end, room;
};

struct client {
    int fd;   /* not blocking once logged in */
    SSL *ssl; /* NULL: no TLS */
    char jid[512];
    struct client_bytes in, out;
    size_t searched; /* in.at[in.begin] and so many behind it hold no end of the first stanza */
};

/* Where a client connects. */
struct client_place {
    int port;
    const char *domain;
    SSL_CTX *tls; /* NULL: no TLS */
};

/* ca_file: "off" for no TLS. What is set up lasts as long as the program. */
void client_place_init(struct client_place *place, const char *port, const char *domain,
                       const char *ca_file);

/* Connects, logs in and binds. account: name:password. Blocks. */
void client_log_in(struct client *client, const struct client_place *place, const char *account,
                   const char *resource);

/* Ends the stream, closes and frees. */
void client_log_out(struct client *client);

void client_add(struct client *client, const char *bytes, size_t len);

/* Writes what was added. Whether some of it is left since the socket takes no more for now. */
bool client_flush(struct client *client);

/* Reads what is there for now, then calls hear for each whole stanza, which is NUL-terminated and
 * valid during the call. hear may add. */
void client_read(struct client *client,
                 void (*hear)(struct client *client, char *stanza, size_t len, void *arg),
                 void *arg);

/* The value of an attribute of the stanza's first tag, NUL-terminated; dies without one. */
void client_attribute(const char *stanza, const char *name, char *value, size_t room);

#endif

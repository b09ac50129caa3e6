/* client.h - HTTP to others: each request is sent once, never again.
 *
 * Noun: the client, one thread with libcurl's multi interface (client/ alone includes its header).
 * Invariant: a request whose first byte may have gone is never repeated, by libcurl neither; `done`
 * is called exactly once for each, on the client's thread, which must not block. */
#ifndef GW_CLIENT_H
#define GW_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"
#include "http/request.h" /* struct gw_header */

struct gw_client;

enum gw_client_end {
    GW_CLIENT_ANSWERED,  /* status and body are there */
    GW_CLIENT_UNREACHED, /* no byte of the request was sent: certainly not executed */
    GW_CLIENT_LOST,      /* it was sent, and no whole answer came: nobody knows */
    GW_CLIENT_TOO_LARGE, /* the answer goes over its limit: it was sent, and status is there */
    GW_CLIENT_STOPPED    /* the client stopped; was_sent says which of the two above it is */
};

struct gw_client_answer {
    enum gw_client_end end;
    bool was_sent;
    int status;               /* of HTTP; 0: none came */
    const char *content_type; /* "" */
    char *body;               /* malloc'ed, NUL-terminated; done may take it and set NULL */
    size_t body_bytes;
    const char *why; /* one sentence, unless answered */
};

typedef void gw_client_done_fn(void *user, struct gw_client_answer *answer);

struct gw_client_request {
    const char *method; /* "POST" or "GET" */
    const char *url;
    const struct gw_header *headers; /* ends with a NULL name; NULL: none */
    char *body;                      /* malloc'ed, becomes the client's once it is sent; NULL */
    size_t body_bytes;
    const struct gw_serve_config *target; /* login, certificates, connections, keepalive */
    const char *password;                 /* of target's user; NULL: it has none */
    unsigned timeout_ms;
    size_t most_bytes; /* of the answer, unpacked */
    gw_client_done_fn *done;
    void *user;
};

/* NULL with one sentence in why. */
struct gw_client *gw_client_start(const struct gw_limits *limits, char *why, size_t why_bytes);
/* Strings are copied, the password's copy is wiped; config is held until done was called (target
 * lives in it). 0, or -1 with one sentence in why, and done isn't called, body stays the caller's:
 * a URL that is none, a scheme that isn't http or https, no memory, more than limits.memory_bytes
 * of requests and answers together, a client that stops. Any thread; doesn't block.
 *
 * timeout_ms is of all of it: the wait for one of the target's connections, too. */
int gw_client_send(struct gw_client *client, struct gw_config *config,
                   const struct gw_client_request *request, char *why, size_t why_bytes);
/* Ends all that is under way (GW_CLIENT_STOPPED), then the thread. Others may still ask for
 * requests, and are refused. Blocks. NULL is fine. */
void gw_client_stop(struct gw_client *client);
void gw_client_free(struct gw_client *client);                 /* it is stopped; NULL is fine */
long long gw_client_turned_ms(const struct gw_client *client); /* as gw_server_turned_ms() */

#endif

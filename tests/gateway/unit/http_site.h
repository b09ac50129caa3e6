/* http_site.h - an HTTP server of gateway/http, and what its taker has been told.
 *
 * Noun: the site. Requests are answered at once with what they were, or kept for the test. */
#ifndef TESTS_GATEWAY_HTTP_SITE_H
#define TESTS_GATEWAY_HTTP_SITE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"
#include "http/server.h"

enum { SITE_REQUESTS = 2048 };

struct http_site {
    struct gw_config config; /* filled in by http_site_init(), for the test to change */
    struct gw_listen listen;
    struct gw_server *server;
    int port;
    pthread_mutex_t mutex;
    pthread_cond_t change;
    bool is_keeping;                            /* requests are kept; under mutex, as the rest */
    struct gw_request *requests[SITE_REQUESTS]; /* those that are kept, the oldest first */
    size_t count;
    unsigned long told;
};

void http_site_init(struct http_site *site);
void http_site_start(struct http_site *site); /* fatal if it doesn't */
void http_site_stop(struct http_site *site);
/* Whether requests are kept from now on, or echoed. */
void http_site_keep(struct http_site *site, bool is_keeping);
/* The oldest that is kept, once it is there; fatal if it doesn't come. The test answers it. */
struct gw_request *http_site_next(struct http_site *site);
/* Waits until that many are kept. */
void http_site_await(struct http_site *site, size_t count);
/* The answer of an echo: "METHOD PATH ?QUERY BODY", or the refusal's status and its reason. */
void http_site_echo(struct gw_request *request);
/* A thread that echoes the next one that is kept, and says "user NAME" instead of its body. */
void *http_site_echo_one(void *site);

/* A new connection to it. */
int http_site_connect(struct http_site *site);
/* What comes until text has come, in a static buffer: asserted by the caller. */
const char *http_site_ask(struct http_site *site, const char *request, const char *until);

#endif

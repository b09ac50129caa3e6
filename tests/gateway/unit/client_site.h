/* client_site.h - the gateway's client, a backend that does what a script says, and calls of it.
 *
 * Noun: the site. There is one at a time; a test opens it, and closes it at its end. */
#ifndef TESTS_GATEWAY_CLIENT_SITE_H
#define TESTS_GATEWAY_CLIENT_SITE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "backend_script.h"
#include "client/client.h"

/* A call has as many seconds, and its test twice as many. */
enum { CLIENT_SITE_PATIENCE_S = 60 };

#define CLIENT_SITE_OK   "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 4\r\n\r\n<a/>"
#define CLIENT_SITE_BODY "<request>of a call</request>"

/* What a request has ended with. */
struct client_site_end {
    pthread_mutex_t mutex;
    pthread_cond_t change;
    unsigned count;
    enum gw_client_end end;
    bool was_sent;
    int status;
    char body[64], type[64], why[300];
    size_t body_bytes;
};

extern struct gw_config client_site_config;
extern struct gw_serve_config client_site_target; /* anew at each opening, for the test to change */
extern struct backend_script *client_site_script;

void client_site_open(const struct backend_act *acts, size_t count);
void client_site_close(void);
void client_site_stop_client(void); /* before the close */

/* Sends with's request: what it leaves out is a POST to the script, with patience. As
 * gw_client_send(); end is to be awaited if it is 0. */
int client_site_send(struct client_site_end *end, const struct gw_client_request *with, char *why,
                     size_t why_bytes);
/* Waits for the end, and asserts that it is the only one. */
void client_site_await(struct client_site_end *end);
/* Sends CLIENT_SITE_BODY, and waits. */
void client_site_call_with(struct client_site_end *end, struct gw_client_request with);
void client_site_call(struct client_site_end *end);

#endif

/* end.h - one end of a conversation: a link, a context with gSOAP's WS-* plugins that calls, and a
 * thread that serves once it is told to.
 */
#ifndef TESTS_WS_END_H
#define TESTS_WS_END_H

#include <pthread.h>
#include <stdbool.h>

#include "soapH.h"

#include "soap_xmpp.h"
#include "../integration/site.h"

enum { END_TIMEOUT_S = 20 };

struct end {
    struct soap_xmpp_link *link;
    struct soap *soap;     /* to call with */
    struct soap *server;   /* NULL: no thread serves */
    struct soap *callback; /* to poll with; NULL: nobody does */
    pthread_t thread;
    int served; /* requests, atomic */
    char endpoint[1024];
};

/* What an end may have otherwise than by default: through a proxy on that port, and plain XEP-0072.
 */
struct end_options {
    int port;
    bool is_plain;   /* no packed envelopes */
    bool sends_once; /* no call is sent again */
};

/* Online; the program ends otherwise. */
void end_open(struct end *end, const struct site *site, const char *user, const char *resource,
              struct end_options options);
/* Two threads serve from now on. */
void end_serve(struct end *end);
/* Waits until so many requests were served, and answered; false when that takes too long. */
bool end_await_served(struct end *end, int count);
/* Callbacks wait from now on, for end_poll(); end->endpoint is what soap_xmpp_listen() has told. */
void end_listen(struct end *end);
/* Serves on the caller's thread until one with this wsa:Action was, NULL for any; false when it is
 * late. */
bool end_poll(struct end *end, const char *action);
void end_close(struct end *end);

/* Frees what the last call allocated, the header with it. */
void end_forget(struct end *end);

/* For fail-safe texts: soap's fault string, never NULL. */
const char *end_fault(struct soap *soap);

#endif

/* parley.h - a caller (alice/desk) and a service (bob/soap) that may pack, each with a witness that
 * sees the stanzas that go over its wire.
 */
#ifndef TESTS_PARLEY_H
#define TESTS_PARLEY_H

#include "laboratory.h"
#include "witness.h"

struct parley {
    const struct site *site;
    struct witness near, far;
    struct soap_xmpp_link *caller, *service;
    struct laboratory *laboratory; /* NULL: the test serves */
    struct soap *soap;
    const char *endpoint;
    char service_jid[256];
};

/* Changes the configuration of a link before it is opened; NULL for none. */
typedef void parley_change_fn(struct soap_xmpp_config *config);

/* threads 0: no laboratory, the test takes requests out of the service's queue. */
void parley_open(struct parley *parley, const struct site *site, int threads,
                 parley_change_fn *change_caller, parley_change_fn *change_service);
void parley_close(struct parley *parley);

/* The service goes, and its laboratory with it; another one comes under the same JID. */
void parley_drop_service(struct parley *parley);
void parley_reopen_service(struct parley *parley, int threads, parley_change_fn *change);

/* Until the server has seen the link's presence: what ejabberd stores meanwhile it may keep until
 * the next one. A parley's links with messages have waited for it. */
void parley_await_presence(struct soap_xmpp_link *link, const struct site *site);

/* How many trace lines of the witness hold both. */
unsigned parley_count(struct witness *witness, const char *one, const char *other);

#endif

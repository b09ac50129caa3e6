/* pair.h - a caller (alice/desk) and a service (bob/soap) of one site, without stubs or skeletons.
 *
 * Noun: the pair. Failed assertions end the test.
 */
#ifndef TESTS_BYTES_PAIR_H
#define TESTS_BYTES_PAIR_H

#include "desk.h"
#include "reply.h"

struct bytes_pair {
    struct soap_xmpp_link *caller, *service;
    struct desk *desk;
    char endpoint[256];
};

/* What a test wants otherwise in both configurations, or NULL. */
typedef void bytes_tweak_fn(struct soap_xmpp_config *config);

void bytes_pair_open(struct bytes_pair *pair, const struct site *site, bytes_tweak_fn *tweak);
void bytes_pair_close(struct bytes_pair *pair);

/* Of two peers of this library: everything that it does between them. */
void bytes_tweak_full(struct soap_xmpp_config *config);

#endif

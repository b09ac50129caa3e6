/* call.h - a call of the gateway's under way at a link.
 *
 * Noun: the call. Invariant: one that has begun is ended by gw_call_end(), once, which calls
 * done(). How many there are is the link's to count. */
#ifndef GW_LINK_CALL_H
#define GW_LINK_CALL_H

#include <stddef.h>

#include "link/link.h"
#include "soap_xmpp.h"

/* Begins it. 0, or -1 as gw_link_call(). Any thread; doesn't block. */
int gw_call_begin(struct soap_xmpp_link *link, const struct gw_outgoing *outgoing,
                  const char **condition, char *why, size_t why_bytes);

/* soap_xmpp_wait() has returned this one: reads its envelope, most_bytes of it, calls done() and
 * frees it. false: it is none of ours, and freed. */
bool gw_call_end(struct soap_xmpp_call *call, size_t most_bytes);

#endif

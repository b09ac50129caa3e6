/* incoming.h - a request that came by XMPP, from its taking to its end. link.h has what its owner
 * calls.
 *
 * Noun: the incoming request. Invariant: whatever becomes of it, it is ended once. It is
 * taken on the link's thread; doesn't block. */
#ifndef GW_LINK_INCOMING_H
#define GW_LINK_INCOMING_H

#include "link/answers.h"
#include "link/link.h"
#include "soap_xmpp.h"

/* Reads it whole; most_bytes is what its envelope may have. NULL: it was declined, since it is
 * damaged, too large or there is no memory for it, and nobody has to be told. request is owned by
 * this function, whatever it returns. */
struct gw_incoming *gw_incoming_take(struct gw_answers *answers, struct soap_xmpp_request *request,
                                     size_t most_bytes);

#endif

/* lateness.h - calls that can't be with the server by their deadline, as fast as it reads.
 *
 * Noun: lateness. It is certain only once the server is slow and its speed measured (net/speed.h):
 * then whoever calls is told so instead of waiting in vain.
 *
 * Invariant: what is said to be late would have been late at 5/4 of the measured speed, too.
 *
 * Failure: a speed that isn't known makes nothing late.
 */
#ifndef SX_LINK_LATENESS_H
#define SX_LINK_LATENESS_H

#include "exchange/exchange.h"
#include "link/session.h"
#include "link/shipment_table.h"
#include "soap/payload.h"

/* Of a call that isn't sent yet: true, and a clause in why. deadline: SX_NEVER for none. Any
 * thread. */
bool sx_lateness_is_certain(const struct sx_session *session, const struct sx_payload *payload,
                            int64_t deadline, char *why, size_t why_bytes);

/* The call whose bytes are on their way that is to be given up, and why; NULL: none. Of several the
 * one that was added last: without it the others may be in time. Loop thread. */
struct sx_shipment *sx_lateness_find(const struct sx_session *session, struct sx_exchange *exchange,
                                     const struct sx_shipment_table *table, char *why,
                                     size_t why_bytes);

#endif

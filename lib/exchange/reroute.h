/* reroute.h - calls to whichever resource of a bare JID, which may move to another one.
 *
 * Only kept calls (retry.h) move, and only while nothing of them can have been run.
 * Thread: any; the exchange's mutex.
 */
#ifndef SX_EXCHANGE_REROUTE_H
#define SX_EXCHANGE_REROUTE_H

#include <limits.h>

#include "exchange/exchange.h"

/* After sx_exchange_begin, before sx_retry_keep and the first post: any resource of its peer's
 * account will do. */
void sx_reroute_allow(struct soap_xmpp_call *call);
bool sx_reroute_is_allowed(const struct soap_xmpp_call *call);

/* How many such calls are under way to each of these full JIDs. */
void sx_reroute_loads(struct sx_exchange *exchange, const char *const *jids, unsigned *loads,
                      unsigned count);

/* A call that may have to move. */
struct sx_reroute {
    bool may_move, is_packed;
    char id[SX_EXCHANGE_ID_BYTES], peer[SX_JID_BYTES];
};

/* Of how many copies an error speaks: of the one that it answers, or of all that are out. */
enum { SX_REROUTE_ONE = 1, SX_REROUTE_ALL = INT_MAX };

/* An error has come from this peer for a copy of this call, by which so many copies have certainly
 * not been run. Whether any resource will do for it; then *reroute says whether it may move.
 * Nothing changes. */
bool sx_reroute_judge(struct sx_exchange *exchange, const char *from, const char *id,
                      unsigned bounced, struct sx_reroute *reroute);

/* A call to a resource of this bare JID that waits for it to come back, with no copy under way;
 * false if there is none. */
bool sx_reroute_find(struct sx_exchange *exchange, const char *bare, struct sx_reroute *reroute);

/* The call with this id goes to peer now, under a new id with the incarnation, at once. False: it
 * may not any longer, or no memory. bounced: as it was judged with, 0 for one that was found. */
bool sx_reroute_move(struct sx_exchange *exchange, const char *id, unsigned bounced,
                     const char *peer, const char *incarnation);

#endif

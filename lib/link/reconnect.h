/* reconnect.h - what is done when the server goes away, until it is back.
 *
 * Noun: the reconnect, of one link. It tells the parts that a session is lost, says how long until
 * the next attempt: soon after an accident, rarely after a refusal, which seldom ends by itself.
 * Then it also looks whether what the login depends on here has changed (watch.h).
 *
 * Thread: the loop's. The parts outlive it.
 */
#ifndef SX_LINK_RECONNECT_H
#define SX_LINK_RECONNECT_H

#include "exchange/exchange.h"
#include "link/session.h"
#include "link/shipments.h"
#include "link/watch.h"
#include "net/backoff.h"
#include "peers/roster.h"
#include "request/journal.h"
#include "request/queue.h"

struct sx_reconnect {
    /* immutable */
    struct sx_session *session;
    struct sx_exchange *exchange;
    struct sx_journal *journal;
    struct sx_queue *queue;
    struct sx_shipments *shipments;
    struct sx_roster *roster; /* NULL: the link takes no notice of presence */
    /* loop thread; zero at first */
    struct sx_backoff backoff;
    int64_t online_since_us;   /* of the last session */
    unsigned unknown_names;    /* the server's name didn't exist so often, in a row */
    unsigned crowded_sessions; /* so many in a row ended early, as the account had too many */
    unsigned refusals;         /* in a row: of attempts, and of sessions that didn't last */
    enum sx_err refusal;       /* the last of them, if there are any */
    unsigned changes;          /* so many of those attempts followed something that had changed */
    bool is_refused;           /* the last attempt was, and the next one is far away */
    int64_t look_us;           /* when to look next whether something has changed */
    struct sx_watch watch;
};

/* An attempt begins. */
void sx_reconnect_begin(struct sx_reconnect *reconnect);

/* A session begins. */
void sx_reconnect_done(struct sx_reconnect *reconnect);

/* A session (number) has ended, or an attempt (0) has failed, for this reason. Calls that can be
 * sent again wait for the next session, the others end; after a refusal all do. The state says
 * which. Returns when to try again, SX_NEVER if the link gives up: then who serves is told. */
int64_t sx_reconnect_lost(struct sx_reconnect *reconnect, uint64_t number,
                          const struct sx_failure *failure);

/* Offline: whether something has changed that a refusal may have been about. *look_us: when to ask
 * again. */
bool sx_reconnect_look(struct sx_reconnect *reconnect, int64_t *look_us);

/* The next wait is the first again: the program wants an attempt now. */
void sx_reconnect_reset(struct sx_reconnect *reconnect);

#endif

/* fallback.h - calls that went out packed to a peer that doesn't understand them any longer.
 *
 * Why: what a peer understands is remembered for minutes, and meanwhile another program may have
 * come online under its JID. It answers <packed/> as everybody answers what they don't know:
 * service-unavailable (RFC 6120 8.4), which is also what a server says when nobody is there.
 *
 * Noun: the fallback. Invariant: only a disco#info answer of the peer itself makes its calls plain.
 *
 * Thread: the loop thread.
 */
#ifndef SX_LINK_FALLBACK_H
#define SX_LINK_FALLBACK_H

#include "link/backlog.h"
#include "link/query.h"
#include "link/shipments.h"
#include "soap/envelope.h"

struct sx_fallback {
    /* immutable; all outlive it */
    struct sx_session *session;
    struct sx_exchange *exchange;
    struct sx_features *features;
    const struct sx_query *query;
    struct sx_checker *checker;
    struct sx_shipments *shipments; /* that hold the envelopes of calls in pieces */
    /* loop thread */
    int64_t asked_us;          /* last, 0: never */
    struct sx_backlog backlog; /* peers with more calls than a portion */
};

/* A packed call to this peer was answered as by one who doesn't understand it: asks the peer what
 * it understands, unless somebody was asked just now. */
void sx_fallback_doubt(struct sx_fallback *fallback, uint64_t number, const char *peer);

/* The peer has said that it takes no packed envelopes: calls that went out packed to it go out
 * plain, a portion of them at once, the rest with the next steps. */
void sx_fallback_replace(struct sx_fallback *fallback, const char *peer);

/* Replaces the next portion. When to ask again: 0 (at once), or SX_NEVER if nothing is left. */
int64_t sx_fallback_step(struct sx_fallback *fallback);

#endif

/* exchange.h - the calls under way on one link: (peer, id) -> waiting call.
 *
 * Folder exchange/: what becomes of a call between its first stanza and its end. When it is sent
 * again (retry.h), what must arrive before it (hold.h), when it moves to another resource
 * (reroute.h), and who waits for it. It knows no connection: link/ posts the stanzas, and tells
 * what came. It may see base/, wire/ and soap/.
 *
 * Invariant: a call completes exactly once, by whichever comes first of its reply, its deadline, a
 * cancel, the loss of the connection and the stop of the link; what comes later is counted and
 * dropped. A reply counts only from the peer that was asked, under the id that was given out
 * (RFC 6120 8.1.2.1). Ids can't be guessed: a random prefix for each exchange, then a counter.
 *
 * Happy path: begin -> (the stanza is posted) -> complete by the loop thread -> wait returns ->
 *             release.
 * Detached:   begin -> detach(deadline, user) -> complete -> next_done returns it -> wait ->
 *             release.
 *
 * Thread: any; one mutex for each exchange, no call out with it held.
 */
#ifndef SX_EXCHANGE_EXCHANGE_H
#define SX_EXCHANGE_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/readiness.h"
#include "exchange/ends.h"
#include "exchange/reply.h"
#include "wire/jid.h"

struct soap_xmpp_call; /* one call; owned by whoever begins it until released */
struct sx_exchange;

enum { SX_EXCHANGE_ID_BYTES = 128 }; /* of any id, with NUL */

struct sx_exchange_counts {
    unsigned long under_way;
    unsigned long questions;            /* of them (question.h) */
    unsigned long completed, timed_out; /* by a reply; by a deadline */
    unsigned long late, foreign;        /* replies dropped: call is over; wrong peer or id */
    unsigned long steps;                /* calls and JIDs looked at: what the lock is held for */
};

/* NULL on no memory. */
struct sx_exchange *sx_exchange_new(unsigned max_calls, void *owner);
/* Every call must have been released; asserts it. */
void sx_exchange_free(struct sx_exchange *exchange);

/* The JID that the server bound for us: a reply without `from` comes from it (bare or full) or
 * from its server. SX_ENOMEM: the one before stays. */
enum sx_err sx_exchange_set_own_jid(struct sx_exchange *exchange, const char *jid);

void sx_exchange_count(struct sx_exchange *exchange, struct sx_exchange_counts *counts);

/* How its calls have ended so far. */
void sx_exchange_ends(struct sx_exchange *exchange, struct sx_ends *ends);

/* ---- a call, from its beginning to its release ---- */

/* Enters a call to peer (NULL: our own server) and gives it its id. While max_calls are under way
 * it waits for room until room_deadline: SX_EROOM. SX_ESTOPPED after a stop, SX_ENOMEM. *call is
 * the caller's on SX_OK, untouched otherwise. */
enum sx_err sx_exchange_begin(struct sx_exchange *exchange, const char *peer, const char *operation,
                              int64_t room_deadline, struct soap_xmpp_call **call);

/* The id of a question that the link itself asks, and nobody waits for: no call, so that it needs
 * no room. What comes under it was asked (sx_exchange_gave_out), and completes nothing. */
void sx_exchange_make_id(struct sx_exchange *exchange, char id[SX_EXCHANGE_ID_BYTES]);

/* Id and peer are valid until the release. The id of a kept call can change at any time, by what
 * the loop thread receives: who reads it on another thread copies it. A message's id stays, and
 * isn't copied. */
const char *sx_exchange_id(const struct soap_xmpp_call *call);
void sx_exchange_copy_id(const struct soap_xmpp_call *call, char id[SX_EXCHANGE_ID_BYTES]);
const char *sx_exchange_peer(const struct soap_xmpp_call *call);      /* "": our own server */
const char *sx_exchange_operation(const struct soap_xmpp_call *call); /* "" if none was given */
uint64_t sx_exchange_number(const struct soap_xmpp_call *call); /* stays when the id changes */
struct sx_exchange *sx_exchange_of(const struct soap_xmpp_call *call);
void *sx_exchange_owner(const struct soap_xmpp_call *call); /* as given to sx_exchange_new */
int64_t sx_exchange_begun_us(const struct soap_xmpp_call *call);

/* Blocks until the call is complete or the deadline, which completes it with SX_ETIMEOUT (for a
 * detached call: its own deadline if that is earlier). Moves the reply out to *reply; asked once
 * per call. */
void sx_exchange_wait(struct soap_xmpp_call *call, int64_t deadline, struct sx_reply *reply);

/* Whether the request of this call may have been run when it ended with reply: false only if it
 * certainly was not. */
bool sx_exchange_may_have_run(const struct soap_xmpp_call *call, const struct sx_reply *reply);

/* Frees the call; if it is still under way it is cancelled: a late reply is dropped. NULL allowed.
 */
void sx_exchange_release(struct soap_xmpp_call *call);

/* ---- what arrives, and what ends all calls: the link's loop thread ---- */

/* A reply arrived: completes the call if peer and id fit. Takes over what reply owns in any
 * case (and zeroes it). Returns true if a call was completed by it. */
bool sx_exchange_complete(struct sx_exchange *exchange, const char *from, const char *id,
                          struct sx_reply *reply);

/* Whether a reply under this id from this peer would end a call. */
bool sx_exchange_expects(struct sx_exchange *exchange, const char *from, const char *id);

/* Whether a reply under this id may have come to this JID (NULL: it doesn't say): a call that was
 * made in somebody's name is answered to that one. */
bool sx_exchange_is_for(struct sx_exchange *exchange, const char *id, const char *to);

/* Whether a call to this peer is under way: its answer may be on the way in pieces. */
bool sx_exchange_awaits(struct sx_exchange *exchange, const char *peer);

/* Whether the id was made by this exchange, for whichever call. */
bool sx_exchange_gave_out(const struct sx_exchange *exchange, const char *id);

/* Completes every call under way with err and text. */
void sx_exchange_fail_all(struct sx_exchange *exchange, enum sx_err err, const char *text);

/* fail_all, and begin is refused from now on. */
void sx_exchange_stop(struct sx_exchange *exchange, enum sx_err err, const char *text);

/* ---- what the program is told: of a call that next_done has returned, by whoever it belongs to
 * now ---- */

/* What it has ended with, which stays the call's. NULL: the error tells all. */
struct sx_reply *sx_exchange_reply(const struct soap_xmpp_call *call);
enum sx_err sx_exchange_err(const struct soap_xmpp_call *call);

/* After how long it has timed out. */
int64_t sx_exchange_timeout_us(const struct soap_xmpp_call *call);

/* What is made of that for the program, freed with the call; NULL: nothing was set. */
void sx_exchange_set_ending(struct soap_xmpp_call *call, void *ending,
                            void (*free_ending)(void *ending));
void *sx_exchange_ending(const struct soap_xmpp_call *call);

/* ---- detached calls ---- */

/* From now on the call is found by next_done once it is complete, at its deadline at the latest. */
void sx_exchange_detach(struct soap_xmpp_call *call, int64_t deadline, void *user);
void *sx_exchange_user(const struct soap_xmpp_call *call);
/* next_done doesn't return it any more; the deadline given at the detach stays. */
void sx_exchange_attach(struct soap_xmpp_call *call);

/* The detached call that ended first, each once. NULL at the deadline or a stop, or at once when no
 * detached call is under way or done and none can be found (expect_found). */
struct soap_xmpp_call *sx_exchange_next_done(struct sx_exchange *exchange, int64_t deadline);

/* Ends the calls whose deadline has passed, as next_done does: for who looks for something else,
 * and is told of a deadline. */
void sx_exchange_expire(struct sx_exchange *exchange);

/* From now on the readiness tells when next_done has one at once (base/readiness.h); a second time
 * with the same one it does nothing. */
void sx_exchange_join(struct sx_exchange *exchange, struct sx_readiness *readiness);

#endif

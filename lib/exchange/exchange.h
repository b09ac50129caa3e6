/* exchange.h - the calls under way on one link: (peer, id) -> waiting call.
 *
 * Invariant: a call completes exactly once, by whichever comes first of its reply, its deadline, a
 * cancel, the loss of the connection and the stop of the link; what comes later is counted and
 * dropped. A reply counts only from the peer that was asked, under the id that was given out
 * (RFC 6120 8.1.2.1). ids can't be guessed: a random prefix per table, then a counter.
 *
 * Happy path: begin -> (the stanza is posted) -> complete by the loop thread -> wait returns ->
 *             release.
 * Detached:   begin -> detach(deadline, user) -> complete -> next_done returns it -> wait ->
 * release.
 *
 * Thread: any; one mutex per table, no call out with it held.
 */
#ifndef SX_EXCHANGE_EXCHANGE_H
#define SX_EXCHANGE_EXCHANGE_H

#include <stdint.h>

#include "wire/jid.h"
#include "soap/envelope.h"
#include "wire/delivery.h"
#include "base/fault.h"

/* What a call ended with. */
struct sx_reply {
    enum sx_err err;             /* SX_OK: an answer, envelope.bytes NULL when it was empty */
    struct sx_envelope envelope; /* with SX_OK: answer or SOAP fault */
    char condition[48];          /* with SX_ESTANZA: the stanza error condition */
    char text[256];              /* what a human gets to read, may be "" */
    struct sx_delivery delivery; /* with SX_ESTANZA: what the peer says of the request */
    char *features;              /* of a disco#info answer: each feature NUL-terminated, an empty
                                  * one ends the list; malloc'ed; NULL otherwise */
};
void sx_reply_fini(struct sx_reply *reply);

struct soap_xmpp_call; /* one exchange; owned by whoever begins it until released */
struct sx_exchange;

struct sx_exchange_counts {
    unsigned long under_way;
    unsigned long completed, timed_out; /* by a reply; by a deadline */
    unsigned long late, foreign;        /* replies dropped: call is over; wrong peer or id */
};

/* NULL on no memory. */
struct sx_exchange *sx_exchange_new(unsigned max_calls, void *owner);
/* Every call must have been released; asserts it. */
void sx_exchange_free(struct sx_exchange *exchange);

/* The JID that the server bound for us: a reply without `from` comes from it (bare or full) or
 * from its server. */
enum sx_err sx_exchange_set_own_jid(struct sx_exchange *exchange, const char *jid);

/* Enters a call to peer (NULL: our own server) and gives it its id. While max_calls are under way
 * it waits for room until room_deadline: SX_EROOM. SX_ESTOPPED after a stop, SX_ENOMEM. *call is
 * the caller's on SX_OK, untouched otherwise. */
enum sx_err sx_exchange_begin(struct sx_exchange *exchange, const char *peer, const char *operation,
                              int64_t room_deadline, struct soap_xmpp_call **call);

/* ---- delivery: calls to a peer that runs each id once, and so may be sent again ---- retry.c
 *
 * A kept call holds its payload. The loss of the connection doesn't end it, nor does a bounce from
 * a server on the way: it is due again, at once on the next connection, else after 2 s, 4 s, ... 30
 * s without an answer, until its deadline.
 */

/* Before the stanza is posted for the first time: keeps a copy of payload and makes the id carry
 * the peer's incarnation ("any": the call is dealt, see shared.c). SX_ENOMEM: the call is as it
 * was. Another error: it has ended meanwhile with this, and must not be posted. */
enum sx_err sx_exchange_keep(struct soap_xmpp_call *call, const char *incarnation,
                             const char *payload, size_t len);

/* The kept call's first stanza could not be posted, because of err. Whether the call goes on all
 * the same: a lost connection makes it due, and a copy may have gone out meanwhile. Otherwise none
 * will: it is the caller's to release. */
bool sx_exchange_unpost(struct soap_xmpp_call *call, enum sx_err err);

/* The connection is gone: kept calls with so much payload at most are due, the others end with err
 * and text. */
void sx_exchange_lose(struct sx_exchange *exchange, enum sx_err err, const char *text,
                      size_t max_payload_bytes);

/* When the next kept call is due; SX_NEVER if none is. */
int64_t sx_exchange_due_us(struct sx_exchange *exchange);

/* A kept call that is due now: what its stanza is made of (malloc'ed, the caller's). False if none
 * is, or no memory. Its next time is set. What couldn't be posted then is put back. */
struct sx_due {
    char *peer, *id, *payload;
    size_t payload_len;
};
bool sx_exchange_take_due(struct sx_exchange *exchange, int64_t now_us, struct sx_due *due);
void sx_exchange_put_back(struct sx_exchange *exchange, const struct sx_due *due);
void sx_due_fini(struct sx_due *due);

/* Whether this is a kept call with a packed payload (payload.h), or a reference to one, to that
 * peer (NULL: to nobody). */
bool sx_exchange_is_packed(struct sx_exchange *exchange, const char *peer, const char *id);

/* The first of those to that peer: copies of its id and payload. Then, in its place, another
 * payload (malloc'ed, taken), due at once and, unless the peer runs_once each id, never again; with
 * NULL the call ends with err and text instead. Once the call has ended meanwhile nothing happens.
 */
bool sx_exchange_take_packed(struct sx_exchange *exchange, const char *peer, struct sx_due *due);
void sx_exchange_replace(struct sx_exchange *exchange, const char *id, char *payload, size_t len,
                         bool runs_once, enum sx_err err, const char *text);

/* ---- mailed calls: those whose stanza is a message ---- message_call.c
 *
 * Sent once, since servers store and forward it. An iq behind it, to our own server, is its
 * *receipt*: when that is answered the message has been taken, and from then on the loss of the
 * connection doesn't end the call. Its answer may come from any resource of the account that was
 * asked.
 */

/* Before the stanza is posted: suffix makes its id, with the one it has in front; name (NULL: none)
 * is what next_done's caller gets to read. Both are copied. SX_ENOMEM: the call is as it was.
 * Another error: it has ended meanwhile with this, and must not be posted. */
enum sx_err sx_exchange_mail(struct soap_xmpp_call *call, const char *suffix, const char *name);

bool sx_exchange_is_mailed(const struct soap_xmpp_call *call);
const char *sx_exchange_name(const struct soap_xmpp_call *call); /* "" if it has none */

/* Writes the receipt's id. */
enum { SX_RECEIPT_ID_BYTES = 128 };
void sx_exchange_receipt(const struct soap_xmpp_call *call, char id[SX_RECEIPT_ID_BYTES]);

/* Whether an iq's answer is that to a receipt; the call is then received, if it is under way. */
bool sx_exchange_take_receipt(struct sx_exchange *exchange, const char *id);

/* As wait, but no longer than until the call is received: SX_OK, the reply is empty, and the call
 * goes on. */
void sx_exchange_wait_received(struct soap_xmpp_call *call, int64_t deadline,
                               struct sx_reply *reply);

/* From now on next_done waits even if no call is under way, for answers to calls of an earlier
 * process of the program, up to so many bytes of envelopes and max_calls of them at once. */
void sx_exchange_expect_found(struct sx_exchange *exchange, size_t max_bytes);

/* An answer whose name is proven has come: completes the call under way with this id, if it is from
 * its peer. Otherwise it answers a call of an earlier process, or one that was given up: next_done
 * returns it as a call by that name to `from`, which is done, and *found is true. Takes over what
 * reply owns in any case. SX_EFULL, SX_ENOMEM, SX_ESTOPPED: it is lost, and SX_ENOMEM ends a call
 * under way. */
enum sx_err sx_exchange_find(struct sx_exchange *exchange, const char *from, const char *id,
                             const char *name, struct sx_reply *reply, bool *found);

/* True once, of a call that find has entered, when next_done has returned it: nobody's reference to
 * the owner stands behind it yet. */
bool sx_exchange_claim(struct soap_xmpp_call *call);

/* ---- held calls: kept ones whose payload refers to bytes that the peer must have first ----
 *
 * Known by their number, since they may get another id. Each of these does nothing once the call is
 * over. */

uint64_t sx_exchange_number(const struct soap_xmpp_call *call);

/* After keep, in the place of the first post: it isn't due before sx_exchange_let_go. */
void sx_exchange_hold(struct soap_xmpp_call *call);
void sx_exchange_let_go(struct sx_exchange *exchange, uint64_t number);

/* The peer has refused the call under this id, because it lacks the bytes: held again (or still:
 * that was said of an older copy), and its number; false if it is no such call, or this has
 * happened too often. */
bool sx_exchange_hold_again(struct sx_exchange *exchange, const char *from, const char *id,
                            uint64_t *number);

/* Whether the call, once held, is still under way: its bytes are wanted. */
bool sx_exchange_is_wanted(struct sx_exchange *exchange, uint64_t number);

/* The bytes can't be brought to the peer: the call ends as refused by it, not executed. */
void sx_exchange_refuse(struct sx_exchange *exchange, uint64_t number, const char *condition,
                        const char *text);

/* Whether a call to this peer is under way: its answer may be on the way in pieces. */
bool sx_exchange_awaits(struct sx_exchange *exchange, const char *peer);

/* Whether the reply (an error) leaves the call under way: a server's bounce, or a stale id while
 * the request can't have been run: then it is due again, with the peer's new incarnation. If a
 * dealt call ends, reply's text may tell more. */
bool sx_exchange_retry(struct sx_exchange *exchange, const char *from, const char *id,
                       struct sx_reply *reply);

/* Whether the request of this call may have been run when it ended with reply: false only if it
 * certainly was not. */
bool sx_exchange_may_have_run(const struct soap_xmpp_call *call, const struct sx_reply *reply);

/* ---- roaming calls: to whichever resource of a bare JID ---- failover.c
 *
 * Kept ones move on to another resource when nothing of them can have been run. */

/* After begin, before keep and the first post: its peer is one of several. */
void sx_exchange_roam(struct soap_xmpp_call *call);
bool sx_exchange_roams(const struct soap_xmpp_call *call);

/* How many roaming calls are under way to each of these full JIDs. */
void sx_exchange_loads(struct sx_exchange *exchange, const char *const *jids, unsigned *loads,
                       unsigned count);

/* An error has come from this peer for a copy of this call, by which that copy has certainly not
 * been run. Whether it is a roaming call; and whether it may move. Nothing changes. */
struct sx_mover {
    bool may_move, is_packed;
    char id[128], peer[SX_JID_BYTES];
};
bool sx_exchange_judge(struct sx_exchange *exchange, const char *from, const char *id,
                       struct sx_mover *mover);

/* A call to a resource of this bare JID that waits for it to come back, with no copy under way;
 * false if there is none. */
bool sx_exchange_find_stranded(struct sx_exchange *exchange, const char *bare,
                               struct sx_mover *mover);

/* The call with this id goes to peer now, under a new id with the incarnation, at once; false if it
 * may not any longer, or no memory. bounced: 1 for one that was judged, 0 for a stranded one. */
bool sx_exchange_move(struct sx_exchange *exchange, const char *id, unsigned bounced,
                      const char *peer, const char *incarnation);

const char *sx_exchange_id(const struct soap_xmpp_call *call);        /* valid until release */
const char *sx_exchange_peer(const struct soap_xmpp_call *call);      /* "" for our own server;
                                                                       * valid until release */
const char *sx_exchange_operation(const struct soap_xmpp_call *call); /* "" if none was given */
struct sx_exchange *sx_exchange_of(const struct soap_xmpp_call *call);
void *sx_exchange_owner(const struct soap_xmpp_call *call); /* as given to sx_exchange_new */
int64_t sx_exchange_begun_us(const struct soap_xmpp_call *call);

/* A reply arrived: completes the call if peer and id fit. Takes over what reply owns in any
 * case (and zeroes it). Returns true if a call was completed by it. */
bool sx_exchange_complete(struct sx_exchange *exchange, const char *from, const char *id,
                          struct sx_reply *reply);

/* Whether a reply under this id from this peer would end a call. */
bool sx_exchange_expects(struct sx_exchange *exchange, const char *from, const char *id);

/* Whether the id was made by this table, for whichever call. */
bool sx_exchange_gave_out(const struct sx_exchange *exchange, const char *id);

/* Completes every call under way with err and text. */
void sx_exchange_fail_all(struct sx_exchange *exchange, enum sx_err err, const char *text);

/* fail_all, and begin is refused from now on. */
void sx_exchange_stop(struct sx_exchange *exchange, enum sx_err err, const char *text);

/* Blocks until the call is complete or the deadline, which completes it with SX_ETIMEOUT (for a
 * detached call: its own deadline if that is earlier). Moves the reply out to *reply; asked once
 * per call. */
void sx_exchange_wait(struct soap_xmpp_call *call, int64_t deadline, struct sx_reply *reply);

/* Frees the call; if it is still under way it is cancelled: a late reply is dropped. NULL allowed.
 */
void sx_exchange_release(struct soap_xmpp_call *call);

/* From now on the call is found by next_done once it is complete, at its deadline at the latest. */
void sx_exchange_detach(struct soap_xmpp_call *call, int64_t deadline, void *user);
void *sx_exchange_user(const struct soap_xmpp_call *call);
/* next_done doesn't return it any more; the deadline given at the detach stays. */
void sx_exchange_attach(struct soap_xmpp_call *call);

/* The detached call that ended first, each once. NULL at the deadline or a stop, or at once when no
 * detached call is under way or done and none can be found (expect_found). */
struct soap_xmpp_call *sx_exchange_next_done(struct sx_exchange *exchange, int64_t deadline);

void sx_exchange_count(struct sx_exchange *exchange, struct sx_exchange_counts *counts);

#endif

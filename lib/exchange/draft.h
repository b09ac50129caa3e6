/* draft.h - calls that are prepared: they are begun, and nothing of them was posted yet.
 *
 * Noun: the draft, which is what such a call will be sent as. It is opaque here: link/ makes it,
 * takes it out to work on it, and gives it back with what the call waits for next.
 *
 * Invariant: a draft is with one thread at a time, or with its call. A call that ends keeps the
 * draft that it has until it is released; one that was taken out is freed by whoever has it. A
 * prepared call has its id, its deadline and its place among max_calls; the loss of the connection
 * leaves it alone, no reply fits it, and if it ends it wasn't executed.
 *
 * Happy path: begin -> (detach) -> park -> wake -> take -> send -> the stanza is posted.
 * Failure: it wasn't posted: unsend -> park. It can't be sent at all: end.
 *
 * Since a detached call can be freed by any thread, it is named by its id. Thread: any; the
 * exchange's mutex.
 */
#ifndef SX_EXCHANGE_DRAFT_H
#define SX_EXCHANGE_DRAFT_H

#include "exchange/exchange.h"
#include "exchange/phase.h"

/* As sx_exchange_begin, but it doesn't wait (SX_EFULL), and the call is PREPARED; its draft is with
 * the caller. from: who calls, copied; NULL: the link itself. is_one_way: of a message: it is done
 * once our server has it. */
enum sx_err sx_draft_begin(struct sx_exchange *exchange, const char *peer, const char *operation,
                           const char *from, bool is_one_way, struct soap_xmpp_call **call);

/* Whether the call has begun so, however far it is. */
bool sx_draft_is_of(const struct soap_xmpp_call *call);

/* The draft is given to the call, which waits now; jid: whom for, of PEER and PRESENCE. free_draft
 * is called without the mutex. False: the call has ended, and the draft is still the caller's. */
bool sx_draft_park(struct sx_exchange *exchange, const char *id, void *draft,
                   void (*free_draft)(void *draft), enum call_wait wait, const char *jid);

/* Whether any waits, for whatever it is; without the mutex, since the loop asks in each turn. */
bool sx_draft_is_any(const struct sx_exchange *exchange);

/* The draft that waits longest for this, which is the caller's until park or the call's end, and
 * the word that was left for it, 0 for none. NULL: there is none. */
void *sx_draft_take(struct sx_exchange *exchange, enum call_wait wait, unsigned *word);

/* Those that wait for this (and for this JID; NULL: for any) wait for the link's next turn, and
 * will get this word, which is the caller's own. */
void sx_draft_wake(struct sx_exchange *exchange, enum call_wait wait, const char *jid,
                   unsigned word);

/* Whether any waits for this (and for this JID; NULL: for any). */
bool sx_draft_waits(struct sx_exchange *exchange, enum call_wait wait, const char *jid);

/* As what a prepared call goes out now. */
struct sx_draft_way {
    const char *peer;        /* of the account that it began with */
    bool any_resource;       /* and another resource of that would do */
    const char *incarnation; /* of a peer that runs each id once; NULL: it is sent once */
    const char *payload;     /* kept (a copy), if there is an incarnation */
    size_t payload_len;
    bool is_held; /* its bytes go ahead of it: hold.h */
};

/* A copy counts as sent from now on, and is to be posted under new_id at once (a message under its
 * own, which stays); or the call is held, and *number is its number. SX_ENOMEM: it is as it was.
 * SX_ESTOPPED: it has ended. */
enum sx_err sx_draft_send(struct sx_exchange *exchange, const char *id,
                          const struct sx_draft_way *way, char new_id[SX_EXCHANGE_ID_BYTES],
                          uint64_t *number);

/* That copy wasn't posted. True: the call is PREPARED again, to be parked. False: it has ended, or
 * goes on by itself, since another copy of it was posted meanwhile. */
bool sx_draft_unsend(struct sx_exchange *exchange, const char *id);

/* The prepared call ends with this; the draft is still the caller's. */
void sx_draft_end(struct sx_exchange *exchange, const char *id, enum sx_err err, const char *text);

/* The same for all that wait. */
void sx_draft_end_all(struct sx_exchange *exchange, enum sx_err err, const char *text);

/* Of an ended call: whether it ended before anything of it was posted, and what it waited for. */
bool sx_draft_was_unsent(const struct soap_xmpp_call *call, enum call_wait *wait);

#endif

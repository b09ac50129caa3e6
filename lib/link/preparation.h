/* preparation.h - posted calls on their way to being sent.
 *
 * Noun: the preparation. What sx_call_send() waits for in the thread of whoever calls (the link,
 * what the peer says of itself, which resource is there, room in the queue) is here a state of the
 * call: it is in the exchange from the beginning (draft.h), and the loop thread goes on with it
 * when that has come. docs/internals/posting.md has the states and what ends them.
 *
 * Invariant: post never blocks. A peer is asked once, however many calls wait for its answer.
 *
 * Happy path: post -> the peer is known and the link online: sent by the thread that posts. Else:
 * parked -> step -> a question -> its answer -> step -> sent.
 * Failure: whatever ends it before it was sent: not executed. A session that is lost begins it
 * anew.
 *
 * Thread: post: any; all else: the loop thread.
 */
#ifndef SX_LINK_PREPARATION_H
#define SX_LINK_PREPARATION_H

#include "link/call.h"
#include "link/inquiry.h"

struct sx_preparation {
    const struct sx_calls *calls; /* immutable; outlives it */
    /* loop thread */
    struct sx_inquiries inquiries;
    int64_t online_since_us; /* 0: offline */
};

void sx_preparation_init(struct sx_preparation *preparation, const struct sx_calls *calls);
void sx_preparation_fini(struct sx_preparation *preparation);

/* Begins a call, which is detached until out->answer_deadline. On SX_OK *call is the caller's, and
 * any thread may find it done. Otherwise nothing was or will be sent, and why holds one sentence.
 */
enum sx_err sx_preparation_post(struct sx_preparation *preparation, const struct sx_outgoing *out,
                                struct soap_xmpp_call **call, char *why, size_t why_bytes);

/* Goes on with those that can, a portion of them. When to ask again: 0 (at once), SX_NEVER. */
int64_t sx_preparation_step(struct sx_preparation *preparation, uint64_t number);

void sx_preparation_online(struct sx_preparation *preparation);

/* The session is over, or an attempt has failed, and the exchange and the state know it: those that
 * would wait in vain end. */
void sx_preparation_lost(struct sx_preparation *preparation);

/* Whether the reply, whose features are remembered, answers a question; those that wait for it go
 * on.
 */
bool sx_preparation_take_answer(struct sx_preparation *preparation, const char *from,
                                const char *id, const struct sx_reply *reply);

/* Somebody is there (a full JID). */
void sx_preparation_note_available(struct sx_preparation *preparation, const char *jid);

#endif

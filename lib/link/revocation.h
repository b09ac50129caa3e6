/* revocation.h - rules that were taken back, and what came before they were.
 *
 * Noun: the revocation. What comes after a change meets the new rules by itself (admission.h,
 * bytestream.h). What came before is asked about here: requests that wait, when a thread takes
 * them; big messages that are arriving, as soon as the loop thread knows.
 *
 * Invariant: a request that a thread takes after a change has returned is allowed by the rules of
 * now. One that was begun is finished, answered, and its answer is kept: its caller can rely on
 * `forbidden` to mean that nothing ran.
 */
#ifndef SX_LINK_REVOCATION_H
#define SX_LINK_REVOCATION_H

#include "exchange/exchange.h"
#include "link/answer.h"
#include "request/access.h"
#include "transfer/receiver.h"

struct sx_revocation {
    /* immutable; all outlive it */
    const struct sx_session *session;
    struct sx_exchange *exchange;
    struct sx_access *access;
    struct sx_receiver *receiver;
    const struct sx_answers *answers;
    /* loop thread */
    unsigned long seen; /* the version of the rules that every transfer was asked about */
};

/* Whether the rules allow a request that was taken from the queue; request->grant is what they let
 * it do now. False: it is declined, its caller's to free. Any thread; blocks as sx_answer_decline.
 */
bool sx_revocation_spares(const struct sx_revocation *revocation, struct sx_request *request);

/* Ends what is arriving from whom no rule names any longer, and frees its bytes, but for the
 * answers to calls of ours. Loop thread. */
void sx_revocation_step(struct sx_revocation *revocation);

#endif

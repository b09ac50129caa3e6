/* answer.h - what a link answers: envelopes, faults, refusals.
 *
 * Noun: the answer. Invariant: a request is answered once; a second answer is ignored. The answer
 * is in the journal before it is posted, so that losing it loses nothing.
 *
 * Thread: any. Waits for room to send for timeout_ms at most, and the answer to a message as long
 * again until the link is online. An answer that can't be sent is traced.
 */
#ifndef SX_LINK_ANSWER_H
#define SX_LINK_ANSWER_H

#include "link/shipments.h"
#include "request/journal.h"
#include "request/queue.h"
#include "request/statistics.h"
#include "request/tally.h"

/* Immutable; all outlive it. */
struct sx_answers {
    struct sx_session *session;
    struct sx_journal *journal;
    struct sx_shipments *shipments;
    struct sx_statistics *statistics; /* that count what is answered; NULL: none do */
    struct sx_tally *tally;           /* likewise */
};

/* Answers; the request stays the caller's. The envelope goes out in the form of the request (a
 * fault as an error); NULL is an empty result. SX_EUNCARRIABLE or SX_EDEPTH with a clause in why:
 * nothing was sent, the envelope can't be carried, and the request is still to be answered; so with
 * SX_EVERSION and SX_ETOOBIG, if the request is strict. */
enum sx_err sx_answer_send(const struct sx_answers *answers, struct sx_request *request,
                           struct sx_checker *checker, const char *envelope, size_t envelope_len,
                           char *why, size_t why_bytes);

/* Answers with a stanza error; text may be NULL. */
void sx_answer_refuse(const struct sx_answers *answers, struct sx_request *request,
                      const char *condition, const char *text);

/* Answers that the request was not run and won't be; each copy that comes later is told the same.
 * Blocks until the deadline at most: for room to send, and, if the request is a message, for a
 * session. */
void sx_answer_decline(const struct sx_answers *answers, struct sx_request *request,
                       const char *condition, const char *text, int64_t deadline);

#endif

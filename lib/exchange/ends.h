/* ends.h - how calls have ended, counted.
 *
 * Noun: the ends of an exchange's calls, as soap_xmpp_count() tells them. Questions (question.h)
 * are no calls of the program's, and aren't counted.
 *
 * Thread: any, with the exchange's mutex held.
 */
#ifndef SX_EXCHANGE_ENDS_H
#define SX_EXCHANGE_ENDS_H

#include "exchange/reply.h"

struct sx_ends {
    unsigned long answered, faulted, empty, refused, timed_out, lost, stopped, bad, cancelled;
    unsigned long executed, not_executed, unknown; /* the same by outcome */
    unsigned long copies, moves;                   /* sent again; to another resource */
};

/* A call has ended with a result; as nearly all do. */
static inline void sx_ends_note_result(struct sx_ends *ends, const struct sx_reply *reply)
{
    ends->executed++;
    if (reply && reply->envelope.err)
        ends->bad++;
    else if (!reply || !reply->envelope.bytes)
        ends->empty++;
    else if (reply->envelope.is_fault)
        ends->faulted++;
    else
        ends->answered++;
}

/* A call has ended otherwise, as soap_xmpp_call_end() tells it (api/ending.c). is_lost: whatever
 * the error is, since it never found the link online, or a later process has refused it.
 * may_have_run: as sx_exchange_may_have_run. */
void sx_ends_note(struct sx_ends *ends, enum sx_err err, bool is_lost, bool may_have_run);

/* A one-way message is with our server: nobody knows more. */
void sx_ends_note_taken(struct sx_ends *ends);

/* A call was given back before it has ended. */
void sx_ends_note_cancel(struct sx_ends *ends, bool may_have_run);

#endif

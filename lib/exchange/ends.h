/* ends.h - how calls have ended, and how long they took, counted.
 *
 * Noun: the ends of an exchange's calls, as soap_xmpp_count() and soap_xmpp_metrics() tell them.
 * Questions (question.h) are no calls of the program's, and aren't counted.
 *
 * Invariant: each call is counted once, by its end and its outcome together, and its time once.
 *
 * Thread: any, with the exchange's mutex held.
 */
#ifndef SX_EXCHANGE_ENDS_H
#define SX_EXCHANGE_ENDS_H

#include <stdint.h>

#ifndef SOAP_XMPP_NO_GSOAP
#define SOAP_XMPP_NO_GSOAP
#endif
#include "soap_xmpp.h"

#include "exchange/reply.h"

/* Those of enum soap_xmpp_end_value, and one more. */
enum { SX_END_CANCELLED = SOAP_XMPP_END_BAD + 1, SX_ENDS, SX_OUTCOMES = SOAP_XMPP_UNKNOWN + 1 };

enum { SX_ENDS_BUCKETS = 15 };

struct sx_ends {
    unsigned long by[SX_ENDS][SX_OUTCOMES];
    unsigned long copies, moves; /* sent again; to another resource */
    /* Those that took as long as sx_ends_bounds_us[] at most, and longer than the bucket before;
     * the last takes the rest. */
    unsigned long buckets[SX_ENDS_BUCKETS + 1];
    uint64_t sum_us;
};

/* From a millisecond to a minute. */
extern const int64_t sx_ends_bounds_us[SX_ENDS_BUCKETS];

/* How long a call took, from its beginning to its end. */
static inline void sx_ends_note_time(struct sx_ends *ends, int64_t us)
{
    unsigned bucket = 0;
    while (bucket < SX_ENDS_BUCKETS && us > sx_ends_bounds_us[bucket])
        bucket++;
    ends->buckets[bucket]++;
    ends->sum_us += us > 0 ? (uint64_t)us : 0;
}

/* Each of the following returns the outcome that it has counted. A call has ended with a result; as
 * nearly all do. */
static inline enum soap_xmpp_outcome_value sx_ends_note_result(struct sx_ends *ends,
                                                               const struct sx_reply *reply)
{
    enum soap_xmpp_end_value end = SOAP_XMPP_END_ANSWER;
    if (reply && reply->envelope.err)
        end = SOAP_XMPP_END_BAD;
    else if (!reply || !reply->envelope.bytes)
        end = SOAP_XMPP_END_EMPTY;
    else if (reply->envelope.is_fault)
        end = SOAP_XMPP_END_FAULT;
    ends->by[end][SOAP_XMPP_EXECUTED]++;
    return SOAP_XMPP_EXECUTED;
}

/* A call has ended otherwise, as soap_xmpp_call_end() tells it (api/ending.c). is_lost: whatever
 * the error is, since it never found the link online, or a later process has refused it.
 * may_have_run: as sx_exchange_may_have_run. */
enum soap_xmpp_outcome_value sx_ends_note(struct sx_ends *ends, enum sx_err err, bool is_lost,
                                          bool may_have_run);

/* A one-way message is with our server: nobody knows more. */
enum soap_xmpp_outcome_value sx_ends_note_taken(struct sx_ends *ends);

/* A call was given back before it has ended. */
enum soap_xmpp_outcome_value sx_ends_note_cancel(struct sx_ends *ends, bool may_have_run);

/* All that ended so, whatever the outcome; all with this outcome, whatever the end. */
unsigned long sx_ends_of_end(const struct sx_ends *ends, unsigned end);
unsigned long sx_ends_of_outcome(const struct sx_ends *ends, enum soap_xmpp_outcome_value outcome);

#endif

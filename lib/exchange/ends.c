/* ends.c - how calls have ended, and how long they took. Invariant: ends.h. */
#include "exchange/ends.h"

const int64_t sx_ends_bounds_us[SX_ENDS_BUCKETS] = {1000,    2500,    5000,     10000,    25000,
                                                    50000,   100000,  250000,   500000,   1000000,
                                                    2500000, 5000000, 10000000, 30000000, 60000000};

static enum soap_xmpp_end_value choose(enum sx_err err)
{
    switch (err) {
    case SX_ESTANZA:
        return SOAP_XMPP_END_REFUSED;
    case SX_ETIMEOUT:
    case SX_ESLOW:
    case SX_EROOM:
        return SOAP_XMPP_END_TIMEOUT;
    case SX_ELOST:
    case SX_EFORKED:
        return SOAP_XMPP_END_LOST;
    case SX_ESTOPPED:
        return SOAP_XMPP_END_STOPPED;
    default:
        return SOAP_XMPP_END_BAD;
    }
}

enum soap_xmpp_outcome_value sx_ends_note(struct sx_ends *ends, enum sx_err err, bool is_lost,
                                          bool may_have_run)
{
    enum soap_xmpp_outcome_value outcome = SOAP_XMPP_UNKNOWN;
    if (!may_have_run)
        outcome = SOAP_XMPP_NOT_EXECUTED;
    else if (sx_fault_is_answered(err))
        outcome = SOAP_XMPP_EXECUTED;
    ends->by[is_lost ? SOAP_XMPP_END_LOST : choose(err)][outcome]++;
    return outcome;
}

enum soap_xmpp_outcome_value sx_ends_note_taken(struct sx_ends *ends)
{
    ends->by[SOAP_XMPP_END_EMPTY][SOAP_XMPP_UNKNOWN]++;
    return SOAP_XMPP_UNKNOWN;
}

enum soap_xmpp_outcome_value sx_ends_note_cancel(struct sx_ends *ends, bool may_have_run)
{
    enum soap_xmpp_outcome_value outcome =
        may_have_run ? SOAP_XMPP_UNKNOWN : SOAP_XMPP_NOT_EXECUTED;
    ends->by[SX_END_CANCELLED][outcome]++;
    return outcome;
}

unsigned long sx_ends_of_end(const struct sx_ends *ends, unsigned end)
{
    unsigned long count = 0;
    unsigned i;
    for (i = 0; i < SX_OUTCOMES; i++)
        count += ends->by[end][i];
    return count;
}

unsigned long sx_ends_of_outcome(const struct sx_ends *ends, enum soap_xmpp_outcome_value outcome)
{
    unsigned long count = 0;
    unsigned i;
    for (i = 0; i < SX_ENDS; i++)
        count += ends->by[i][outcome];
    return count;
}

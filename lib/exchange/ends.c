/* ends.c - how calls have ended. Invariant: each call is counted once by its end, and once by its
 * outcome.
 */
#include "exchange/ends.h"

static unsigned long *choose(struct sx_ends *ends, enum sx_err err)
{
    switch (err) {
    case SX_ESTANZA:
        return &ends->refused;
    case SX_ETIMEOUT:
    case SX_ESLOW:
    case SX_EROOM:
        return &ends->timed_out;
    case SX_ELOST:
    case SX_EFORKED:
        return &ends->lost;
    case SX_ESTOPPED:
        return &ends->stopped;
    default:
        return &ends->bad;
    }
}

void sx_ends_note(struct sx_ends *ends, enum sx_err err, bool is_lost, bool may_have_run)
{
    ++*(is_lost ? &ends->lost : choose(ends, err));
    if (!may_have_run)
        ends->not_executed++;
    else if (sx_fault_is_answered(err))
        ends->executed++;
    else
        ends->unknown++;
}

void sx_ends_note_taken(struct sx_ends *ends)
{
    ends->empty++;
    ends->unknown++;
}

void sx_ends_note_cancel(struct sx_ends *ends, bool may_have_run)
{
    ends->cancelled++;
    if (may_have_run)
        ends->unknown++;
    else
        ends->not_executed++;
}

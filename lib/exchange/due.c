/* due.c - kept calls in the order in which they are due.
 *
 * Invariant: a call is in the exchange's heap `due` exactly while the clock decides when it goes
 * out: not while it is HELD, nor while its last copy waits for another one, or is out.
 *
 * Happy path: begin -> (2 s without an answer) -> first -> put_off -> 4 s -> ... -> 30 s.
 * Unread: while our server hasn't read the copy that is out the interval doesn't begin.
 * Absent: after a bounce nothing is under way, and asking again costs little: 1/4 s, 1/2 s, ...
 *
 * Modelled in tests/model: iq.pml, liveness.pml.
 */
#include "exchange/due.h"

#include <stddef.h>

#include "base/clock.h"

enum {
    FIRST_INTERVAL_US = 2000000,
    MOST_INTERVAL_US = 30000000,
    FIRST_ABSENCE_US = 250000,
    LOOK_US = 500000, /* whether a copy has been read */
    MAX_RENEWALS = 5  /* a peer that restarts more often during one call isn't worth it */
};

struct soap_xmpp_call *sx_due_first_locked(const struct sx_exchange *exchange, int64_t now_us)
{
    struct sx_heap_entry *first = sx_heap_first(&exchange->due);
    if (!first || first->at_us > now_us)
        return NULL;
    return (struct soap_xmpp_call *)((char *)first - offsetof(struct soap_xmpp_call, due));
}

void sx_due_set_locked(struct soap_xmpp_call *call, int64_t due_us)
{
    call->is_unread = false;
    if (call->phase != PHASE_HELD)
        sx_heap_set(&call->exchange->due, &call->due, due_us);
}

void sx_due_restart_locked(struct soap_xmpp_call *call, int64_t due_us)
{
    call->interval_us = FIRST_INTERVAL_US;
    sx_due_set_locked(call, due_us);
}

void sx_due_begin_locked(struct soap_xmpp_call *call)
{
    sx_due_restart_locked(call, sx_clock_now_us() + FIRST_INTERVAL_US);
}

static int64_t double_up(int64_t us)
{
    return us < MOST_INTERVAL_US / 2 ? 2 * us : MOST_INTERVAL_US;
}

void sx_due_put_off_locked(struct soap_xmpp_call *call, int64_t now_us)
{
    sx_due_set_locked(call, now_us + call->interval_us);
    call->interval_us = double_up(call->interval_us);
}

bool sx_due_await_read_locked(struct soap_xmpp_call *call, int64_t now_us, int64_t unread_us)
{
    bool is_unread = call->sent > 0 && call->posted_us && call->posted_us >= unread_us;
    if (!is_unread && !call->is_unread)
        return false;
    sx_due_set_locked(call, now_us + (is_unread ? LOOK_US : call->interval_us));
    call->is_unread = is_unread;
    return true;
}

void sx_due_await_return_locked(struct soap_xmpp_call *call)
{
    int64_t absence_us = call->absence_us ? double_up(call->absence_us) : FIRST_ABSENCE_US;
    int64_t due_us = sx_clock_now_us() + absence_us;
    sx_table_set_absence_locked(call, absence_us);
    if (due_us < call->due.at_us)
        sx_due_set_locked(call, due_us);
}

bool sx_due_renew_locked(struct soap_xmpp_call *call, const char *incarnation)
{
    if (call->renewals >= MAX_RENEWALS)
        return false;
    call->renewals++;
    sx_table_set_sent_locked(call, 0);
    if (call->phase == PHASE_LAST_SENT)
        sx_table_set_phase_locked(call, PHASE_LAST);
    sx_due_set_locked(call, 0);
    sx_table_rename_locked(call, incarnation);
    return true;
}

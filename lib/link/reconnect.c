/* reconnect.c - what is done when the server goes away, until it is back.
 *
 * Invariant: each lost session is told to every part once: to roster and shipments before the state
 * is told to the program, to journal and exchange after it. So a state callback still sees the
 * calls of the lost session under way.
 *
 * Happy path: lost -> who was there is forgotten, big messages wait, calls wait -> the next attempt
 * after a while that doubles -> done: the table of presence begins anew.
 * Failure: where waiting can't help (fault.h says which errors), for a name that was unknown
 * several times in a row, and for an account that has too many sessions as often, all calls end and
 * no attempt follows.
 *
 * Modelled in tests/model: liveness.pml.
 */
#include "link/reconnect.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/random.h"
#include "exchange/retry.h"

enum {
    LONG_ONLINE_US = 60000000, /* a connection that lived so long resets the back-off */
    SMALL_BYTES = 10000,       /* each server takes as much (RFC 6120 13.12) */
    UNKNOWN_NAMES = 5,         /* in a row: then the server's name is taken for a mistake */
    CROWDED_SESSIONS = 5,      /* in a row: then others want their place as much as we do */
};

/* When to try again after a session that lasted so long (0: after a failed attempt), and whether it
 * was given up for its silence. */
static int64_t next_attempt(struct sx_reconnect *reconnect, bool silent, int64_t online_us)
{
    int64_t now = sx_clock_now_us();
    if (silent || online_us >= LONG_ONLINE_US)
        sx_backoff_reset(&reconnect->backoff);
    if (silent) /* it has been waited long enough to find that out */
        return now;
    return now + sx_backoff_next_us(&reconnect->backoff, sx_random_number());
}

/* A name that doesn't exist may have been mistyped, or not yet have reached every name server.
 * Coming back to an account that has too many sessions ends its oldest: one that the server hasn't
 * noticed to be dead, or one that comes back itself and ends ours. An attempt that fails says
 * nothing of that, but a session that ended for another reason does: nobody wanted its place. */
static void count(struct sx_reconnect *reconnect, bool was_online, enum sx_err err,
                  int64_t online_us)
{
    reconnect->unknown_names = err == SX_ENOHOST ? reconnect->unknown_names + 1 : 0;
    if (err == SX_ESESSIONS && online_us < LONG_ONLINE_US)
        reconnect->crowded_sessions++;
    else if (was_online)
        reconnect->crowded_sessions = 0;
}

static bool is_hopeless(struct sx_reconnect *reconnect, const struct sx_failure *failure,
                        struct sx_failure *last)
{
    if (reconnect->unknown_names < UNKNOWN_NAMES && reconnect->crowded_sessions < CROWDED_SESSIONS)
        return false;
    reconnect->unknown_names = reconnect->crowded_sessions = 0; /* a kick begins anew */
    last->err = failure->err;
    snprintf(last->text, sizeof last->text, "stopped trying: %.300s", failure->text);
    return true;
}

int64_t sx_reconnect_lost(struct sx_reconnect *reconnect, uint64_t number,
                          const struct sx_failure *failure)
{
    struct sx_failure last;
    bool permanent = sx_fault_permanent(failure->err);
    size_t most_bytes = SIZE_MAX; /* of what is sent again */
    int64_t online_us = number ? sx_clock_now_us() - reconnect->online_since_us : 0;
    count(reconnect, number != 0, failure->err, online_us);
    if (is_hopeless(reconnect, failure, &last)) {
        permanent = true;
        failure = &last;
    }
    if (reconnect->roster)
        sx_roster_begin(reconnect->roster, 0);
    sx_shipments_lost(reconnect->shipments, permanent, failure->err == SX_EPOLICY);
    if (!sx_session_set_state(reconnect->session,
                              permanent ? SOAP_XMPP_FAILED : SOAP_XMPP_BACKING_OFF, failure))
        sx_trace(sx_session_trace(reconnect->session), SOAP_XMPP_TRACE_DEBUG, "offline: %s",
                 failure->text);
    if (failure->err == SX_EPOLICY) {
        /* Some stanza was too large for the server. Sent again, it would end each session. */
        most_bytes = SMALL_BYTES;
        sx_journal_shrink(reconnect->journal, most_bytes);
    }
    if (permanent)
        sx_exchange_fail_all(reconnect->exchange, SX_ELOST, failure->text);
    else
        sx_retry_lose(reconnect->exchange, SX_ELOST, failure->text, most_bytes);
    return permanent ? SX_NEVER : next_attempt(reconnect, failure->err == SX_ESILENT, online_us);
}

void sx_reconnect_done(struct sx_reconnect *reconnect)
{
    reconnect->online_since_us = sx_clock_now_us();
    if (reconnect->roster)
        sx_roster_begin(reconnect->roster, reconnect->online_since_us);
}

void sx_reconnect_reset(struct sx_reconnect *reconnect)
{
    sx_backoff_reset(&reconnect->backoff);
}

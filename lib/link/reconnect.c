/* reconnect.c - what is done when the server goes away, until it is back.
 *
 * Invariant: each lost session is told to every part once: to roster and shipments before the state
 * is told to the program, to journal and exchange after it. So a state callback still sees the
 * calls of the lost session under way.
 *
 * Happy path: lost -> who was there is forgotten, big messages wait, calls wait -> the next attempt
 * after a while that doubles -> done: the table of presence begins anew.
 * Failure: a refusal (fault.h says which errors are), a name that was unknown several times in a
 * row, and an account that has too many sessions as often, end all calls, so that who waits learns
 * at once what is wrong. Attempts follow rarely, or at once when something has changed here.
 *
 * Modelled in tests/model: liveness.pml.
 */
#include "link/reconnect.h"

#include "base/clock.h"
#include "base/random.h"
#include "exchange/retry.h"

enum {
    LONG_ONLINE_US = 60000000, /* a connection that lived so long resets the back-off */
    SMALL_BYTES = 10000,       /* each server takes as much (RFC 6120 13.12) */
    UNKNOWN_NAMES = 5,         /* in a row: then the server's name is taken for a mistake */
    CROWDED_SESSIONS = 5,      /* in a row: then others want their place as much as we do */
    MANY_REFUSALS = 4,         /* from then on the longest wait */
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
    else if (was_online) {
        reconnect->crowded_sessions = 0;
        if (online_us >= LONG_ONLINE_US || !sx_fault_permanent(err))
            reconnect->refusals = reconnect->changes = 0;
    }
}

/* Once it was patient with an error, it isn't again soon. */
static bool is_refusal(struct sx_reconnect *reconnect, enum sx_err err)
{
    if (sx_fault_permanent(err) || (reconnect->refusals > 0 && err == reconnect->refusal))
        return true;
    if (reconnect->unknown_names < UNKNOWN_NAMES && reconnect->crowded_sessions < CROWDED_SESSIONS)
        return false;
    reconnect->unknown_names = reconnect->crowded_sessions = 0; /* a kick begins anew */
    return true;
}

/* Whether a file of ours, or our clock, can be what the refusal is about. */
static bool is_ours(enum sx_err err)
{
    return err != SX_ECONFLICT && err != SX_ESESSIONS;
}

/* When to try again after a refusal; the trace is told. Who took our resource serves in our place,
 * and would be ended by our coming back (RFC 6120 4.9.3.3): it gets the longest time to go. */
static int64_t next_refused(struct sx_reconnect *reconnect, enum sx_err err)
{
    int64_t now_us = sx_clock_now_us(), wait_us;
    if (sx_session_config(reconnect->session)->gives_up)
        return SX_NEVER;
    if (is_ours(err))
        reconnect->look_us = now_us + sx_backoff_look_us(reconnect->changes);
    reconnect->refusals++;
    reconnect->refusal = err;
    if (err == SX_ECONFLICT && reconnect->refusals < MANY_REFUSALS)
        reconnect->refusals = MANY_REFUSALS;
    wait_us = sx_backoff_refused_us(reconnect->refusals, sx_random_number());
    sx_trace(sx_session_trace(reconnect->session), SOAP_XMPP_TRACE_ERROR, "tries again in %.0f s%s",
             (double)wait_us / 1e6, is_ours(err) ? ", or when its files or the clock change" : "");
    return now_us + wait_us;
}

/* False: the link is stopping, whatever has ended the session. Who serves leaves after the state
 * has changed, by which it knows a refusal, and not at all if the program has kicked the link as it
 * was told. */
static bool tell_state(struct sx_reconnect *reconnect, const struct sx_failure *failure)
{
    enum soap_xmpp_state_value state =
        reconnect->is_refused ? SOAP_XMPP_FAILED : SOAP_XMPP_BACKING_OFF;
    if (!sx_session_set_state(reconnect->session, state, failure)) {
        sx_trace(sx_session_trace(reconnect->session), SOAP_XMPP_TRACE_DEBUG, "offline: %s",
                 failure->text);
        return false;
    }
    if (reconnect->is_refused && sx_session_config(reconnect->session)->gives_up &&
        !sx_session_is_kicked(reconnect->session))
        sx_queue_suspend(reconnect->queue, failure->text);
    return true;
}

void sx_reconnect_begin(struct sx_reconnect *reconnect)
{
    sx_queue_resume(reconnect->queue); /* the kick may have come before the refusal */
    sx_watch_begin(&reconnect->watch, sx_session_config(reconnect->session));
}

int64_t sx_reconnect_lost(struct sx_reconnect *reconnect, uint64_t number,
                          const struct sx_failure *failure)
{
    size_t most_bytes = SIZE_MAX; /* of what is sent again */
    int64_t online_us = number ? sx_clock_now_us() - reconnect->online_since_us : 0;
    bool goes_on;
    count(reconnect, number != 0, failure->err, online_us);
    reconnect->is_refused = is_refusal(reconnect, failure->err);
    reconnect->look_us = SX_NEVER;
    if (number) /* what has changed since it began was no reason for its end */
        sx_watch_begin(&reconnect->watch, sx_session_config(reconnect->session));
    if (reconnect->roster)
        sx_roster_begin(reconnect->roster, 0);
    sx_shipments_lost(reconnect->shipments, reconnect->is_refused, failure->err == SX_EPOLICY);
    goes_on = tell_state(reconnect, failure);
    if (failure->err == SX_EPOLICY) {
        /* Some stanza was too large for the server. Sent again, it would end each session. */
        most_bytes = SMALL_BYTES;
        sx_journal_shrink(reconnect->journal, most_bytes);
    }
    if (reconnect->is_refused) {
        sx_exchange_fail_all(reconnect->exchange, SX_ELOST, failure->text);
        return goes_on ? next_refused(reconnect, failure->err) : SX_NEVER;
    }
    sx_retry_lose(reconnect->exchange, SX_ELOST, failure->text, most_bytes);
    return next_attempt(reconnect, failure->err == SX_ESILENT, online_us);
}

bool sx_reconnect_look(struct sx_reconnect *reconnect, int64_t *look_us)
{
    const char *change;
    *look_us = reconnect->is_refused ? reconnect->look_us : SX_NEVER;
    if (sx_clock_now_us() < *look_us)
        return false;
    *look_us = reconnect->look_us = sx_clock_now_us() + sx_backoff_look_us(0);
    change = sx_watch_look(&reconnect->watch, sx_session_config(reconnect->session));
    if (!change)
        return false;
    reconnect->changes++;
    sx_trace(sx_session_trace(reconnect->session), SOAP_XMPP_TRACE_INFO, "tries again: %s", change);
    return true;
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
    reconnect->refusals = reconnect->changes = 0;
}

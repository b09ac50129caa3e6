/* deadline.c - deadlines of calls, and threads that wait until then.
 *
 * Invariant: a call is in the exchange's heap `timed` exactly while it is under way and has a
 * deadline of its own. No thread is needed to end it: who enters the exchange and looks at what has
 * ended first ends those whose deadline has passed, so that the order of endings is the order of
 * time.
 *
 * Happy path: set -> answered in time; or expire. await: the reply wakes the one thread it is for.
 * Failure: no condition variable can be had: the call ends with SX_ENOMEM.
 */
#include "exchange/deadline.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

static int64_t first_us_locked(struct sx_exchange *exchange)
{
    const struct sx_heap_entry *first = sx_heap_first(&exchange->timed);
    return first ? first->at_us : SX_NEVER;
}

void sx_deadline_expire_locked(struct sx_exchange *exchange)
{
    struct sx_heap_entry *first = sx_heap_first(&exchange->timed);
    int64_t now_us = first || exchange->readiness.readiness ? sx_clock_now_us() : 0;
    while (first && first->at_us <= now_us) {
        sx_table_time_out_locked(
            (struct soap_xmpp_call *)((char *)first - offsetof(struct soap_xmpp_call, deadline)));
        first = sx_heap_first(&exchange->timed);
    }
    sx_readiness_realarm(&exchange->readiness, first_us_locked(exchange), now_us);
}

void sx_deadline_join_locked(struct sx_exchange *exchange, struct sx_readiness *readiness)
{
    sx_readiness_join(&exchange->readiness, readiness);
    sx_readiness_set(&exchange->readiness, !TAILQ_EMPTY(&exchange->done));
    sx_readiness_alarm(&exchange->readiness, first_us_locked(exchange));
}

void sx_deadline_set_locked(struct soap_xmpp_call *call, int64_t deadline)
{
    struct sx_exchange *exchange = call->exchange;
    sx_heap_set(&exchange->timed, &call->deadline, deadline);
    if (sx_heap_first(&exchange->timed) != &call->deadline)
        return;
    sx_readiness_alarm(&exchange->readiness, deadline);
    pthread_cond_broadcast(&exchange->done_grew);
    pthread_cond_broadcast(&exchange->room);
}

bool sx_deadline_wait_locked(struct sx_exchange *exchange, pthread_cond_t *cond, int64_t deadline)
{
    const struct sx_heap_entry *first = sx_heap_first(&exchange->timed);
    int64_t until = first && first->at_us < deadline ? first->at_us : deadline;
    return sx_clock_cond_wait(cond, &exchange->mu, until) || until != deadline;
}

static bool is_awaited_locked(const struct soap_xmpp_call *call, bool until_received)
{
    return sx_table_is_under_way_locked(call) && !(until_received && call->phase == PHASE_RECEIVED);
}

/* The condition lives here and not in the call: one per waiting thread, not one per call, and each
 * ending wakes just the thread it concerns. It is only signalled under mu, so it can't be gone. */
static void await_end_locked(struct soap_xmpp_call *call, int64_t deadline, bool until_received)
{
    struct sx_exchange *exchange = call->exchange;
    int64_t until = call->deadline.at_us < deadline ? call->deadline.at_us : deadline;
    pthread_cond_t ended;
    if (sx_clock_cond_init(&ended)) {
        sx_table_end_locked(call, SX_ENOMEM, NULL);
        return;
    }
    call->waiter = &ended;
    call->awaited_until_us = until;
    while (is_awaited_locked(call, until_received)) {
        bool in_time = sx_clock_cond_wait(&ended, &exchange->mu, until);
        if (!in_time && is_awaited_locked(call, until_received))
            sx_table_time_out_locked(call);
    }
    call->waiter = NULL;
    pthread_cond_destroy(&ended);
}

void sx_deadline_await_locked(struct soap_xmpp_call *call, int64_t deadline, bool until_received,
                              struct sx_reply *reply)
{
    assert(!call->waiter);
    if (sx_table_is_under_way_locked(call))
        await_end_locked(call, deadline, until_received);
    if (call->reply)
        *reply = *call->reply;
    else
        memset(reply, 0, sizeof *reply);
    reply->err = call->err;
    free(call->reply);
    call->reply = NULL;
}

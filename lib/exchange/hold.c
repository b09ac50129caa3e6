/* hold.c - calls that wait for their bytes to reach the peer before they are sent themselves.
 *
 * Invariant: a call in phase HELD is kept and never due: no copy goes out. Before the first end
 * none is out; after it that is an ordinary kept call (retry.c), which becomes HELD again by the
 * peer's word that one of its copies did not run. Others may still be out: `sent` counts them, and
 * each of them can yet find the bytes there, and be run.
 *
 * Happy path: keep -> (the bytes travel, link/shipments.c) -> end -> due -> answered.
 * Lost by the peer: it refuses the reference (item-not-found) -> again -> the bytes travel anew.
 * Refused: the bytes can't be brought there: the call ends with the condition, executed or not as
 * its copies say. A transfer that failed here may be complete there.
 * Late words about older copies (a second refusal, a bounce, a stale id) leave it HELD, and take
 * them back.
 * Falls back to a plain payload: nothing here concerns it any longer.
 *
 * Modelled in tests/model: iq.pml.
 */
#include "exchange/hold.h"

#include <stdio.h>

#include "base/clock.h"
#include "exchange/deadline.h"
#include "exchange/due.h"
#include "exchange/shared.h"
#include "exchange/table.h"

enum { MAX_HOLDS = 5 }; /* a peer that loses its bytes more often during one call isn't worth it */

static void hold_locked(struct soap_xmpp_call *call)
{
    sx_due_set_locked(call, SX_NEVER);
    sx_table_set_phase_locked(call, PHASE_HELD);
    sx_table_add_hold_locked(call);
}

void sx_hold_begin_locked(struct soap_xmpp_call *call)
{
    sx_due_begin_locked(call);
    hold_locked(call);
}

enum sx_err sx_hold_keep(struct soap_xmpp_call *call, const char *incarnation, const char *payload,
                         size_t len)
{
    return sx_table_keep(call, incarnation, payload, len, 0, sx_hold_begin_locked);
}

void sx_hold_end(struct sx_exchange *exchange, uint64_t number)
{
    struct soap_xmpp_call *call;
    pthread_mutex_lock(&exchange->mu);
    call = sx_table_find_hold_locked(exchange, number);
    if (call) {
        if (call->phase == PHASE_HELD)
            sx_table_set_phase_locked(call, PHASE_SENT);
        sx_due_set_locked(call, 0);
    }
    pthread_mutex_unlock(&exchange->mu);
}

static bool may_hold_again_locked(const struct soap_xmpp_call *call, const char *from,
                                  const char *id)
{
    return call->holds > 0 && sx_table_is_from_peer_locked(call, from) &&
           !sx_request_id_is_again(id) && (call->phase == PHASE_HELD || call->holds < MAX_HOLDS);
}

/* The refused copy has not run and won't, whatever phase the call is in by now. */
static void note_refusal_locked(struct soap_xmpp_call *call)
{
    sx_table_take_copy_back_locked(call);
    if (call->phase == PHASE_HELD)
        return;
    if (call->kind == CALL_SHARED)
        sx_shared_restart_locked(call);
    hold_locked(call);
}

bool sx_hold_again(struct sx_exchange *exchange, const char *from, const char *id, uint64_t *number)
{
    struct soap_xmpp_call *call;
    bool holds;
    pthread_mutex_lock(&exchange->mu);
    call = sx_table_find_locked(exchange, id);
    holds = call && may_hold_again_locked(call, from, id);
    if (holds) {
        note_refusal_locked(call);
        *number = call->number;
    }
    pthread_mutex_unlock(&exchange->mu);
    return holds;
}

bool sx_hold_is_wanted(struct sx_exchange *exchange, uint64_t number)
{
    bool is_wanted;
    pthread_mutex_lock(&exchange->mu);
    is_wanted = sx_table_find_hold_locked(exchange, number) != NULL;
    pthread_mutex_unlock(&exchange->mu);
    return is_wanted;
}

int64_t sx_hold_deadline(struct sx_exchange *exchange, uint64_t number)
{
    const struct soap_xmpp_call *call;
    int64_t deadline = SX_NEVER;
    pthread_mutex_lock(&exchange->mu);
    call = sx_table_find_hold_locked(exchange, number);
    if (call)
        deadline = call->waiter ? call->awaited_until_us : call->deadline.at_us;
    pthread_mutex_unlock(&exchange->mu);
    return deadline;
}

static void end(struct sx_exchange *exchange, uint64_t number, enum sx_err err,
                struct sx_reply *reply)
{
    struct soap_xmpp_call *call;
    pthread_mutex_lock(&exchange->mu);
    sx_deadline_expire_locked(exchange);
    call = sx_table_find_hold_locked(exchange, number);
    if (call) {
        sx_table_answer_locked(call, reply ? err : SX_ENOMEM, reply);
        reply = NULL;
    }
    pthread_mutex_unlock(&exchange->mu);
    sx_reply_free(reply);
}

void sx_hold_give_up(struct sx_exchange *exchange, uint64_t number, const char *text)
{
    end(exchange, number, SX_ESLOW, sx_reply_failure(SX_ESLOW, text));
}

void sx_hold_refuse(struct sx_exchange *exchange, uint64_t number, const char *condition,
                    const char *text)
{
    struct sx_reply *reply = sx_reply_failure(SX_ESTANZA, text);
    if (reply) {
        reply->is_own = true;
        snprintf(reply->condition, sizeof reply->condition, "%s", condition);
    }
    end(exchange, number, SX_ESTANZA, reply);
}

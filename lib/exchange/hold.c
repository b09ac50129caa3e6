/* hold.c - calls that wait for their bytes to reach the peer before they are sent themselves.
 *
 * Invariant: a call in phase HELD is kept, and no copy of it under its present id is in the world:
 * `sent` is 0, it is never due. After that it is an ordinary kept call (retry.c), and
 * becomes HELD again only by the peer's word that it did not run.
 *
 * Happy path: keep -> begin -> (the bytes travel, link/shipment.c) -> end -> due -> answered.
 * Lost by the peer: it refuses the reference (item-not-found) -> again -> the bytes travel anew.
 * Refused: the bytes can't be brought there: the call ends with the condition, not executed.
 * Late words about older copies (a second refusal, a bounce, a stale id) leave it HELD.
 * Falls back to a plain payload: nothing here concerns it any longer, and if that comes before
 * begin, it is never HELD.
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
    sx_table_take_copy_back_locked(call); /* the one that was refused, or never posted */
}

static bool begin_locked(struct soap_xmpp_call *call)
{
    if (call->is_packed) {
        hold_locked(call);
        return true;
    }
    sx_table_take_unposted_back_locked(call);
    /* It goes out once no other copy can have been run: that may be now. */
    if (call->phase == PHASE_LAST && call->sent == 0)
        sx_due_set_locked(call, 0);
    return false;
}

bool sx_hold_begin(struct soap_xmpp_call *call)
{
    struct sx_exchange *exchange = call->exchange;
    bool holds;
    pthread_mutex_lock(&exchange->mu);
    holds = sx_table_is_kept_locked(call) && begin_locked(call);
    pthread_mutex_unlock(&exchange->mu);
    return holds;
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

bool sx_hold_again(struct sx_exchange *exchange, const char *from, const char *id, uint64_t *number)
{
    struct soap_xmpp_call *call;
    bool holds;
    pthread_mutex_lock(&exchange->mu);
    call = sx_table_find_locked(exchange, id);
    holds = call && may_hold_again_locked(call, from, id);
    if (holds) {
        if (call->phase != PHASE_HELD) {
            if (call->kind == CALL_SHARED)
                sx_shared_restart_locked(call);
            hold_locked(call);
        }
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

void sx_hold_refuse(struct sx_exchange *exchange, uint64_t number, const char *condition,
                    const char *text)
{
    struct sx_reply *reply = sx_reply_failure(SX_ESTANZA, text);
    struct soap_xmpp_call *call;
    if (reply) {
        reply->delivery.refused = true;
        snprintf(reply->condition, sizeof reply->condition, "%s", condition);
    }
    pthread_mutex_lock(&exchange->mu);
    sx_deadline_expire_locked(exchange);
    call = sx_table_find_hold_locked(exchange, number);
    if (call) {
        sx_table_answer_locked(call, reply ? SX_ESTANZA : SX_ENOMEM, reply);
        reply = NULL;
    }
    pthread_mutex_unlock(&exchange->mu);
    sx_reply_free(reply);
}

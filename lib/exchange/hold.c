/* hold.c - calls that wait for their bytes to reach the peer before they are sent themselves.
 *
 * Invariant: a held call is kept, and no copy of it under its present id is in the world: sent is
 * 0, it is never due. What is let go is an ordinary kept call (retry.c), and may be held again
 * only by the peer's word that it did not run.
 *
 * Happy path: keep -> hold -> (the bytes travel, shipment.c) -> let_go -> due -> answered.
 * Lost by the peer: it refuses the reference (item-not-found) -> hold_again -> the bytes travel
 * anew.
 * Refused: the bytes can't be brought there: the call ends with the condition, not executed.
 * Late words about older copies (a second refusal, a bounce, a stale id) leave a held call held.
 */
#include "exchange/hold.h"
#include "exchange/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum { MAX_HOLDS = 5 }; /* a peer that loses its bytes more often during one call isn't worth it */

uint64_t sx_exchange_number(const struct soap_xmpp_call *call)
{
    return call->number;
}

static struct soap_xmpp_call *find_locked(struct sx_exchange *exchange, uint64_t number)
{
    struct soap_xmpp_call *call;
    for (call = TAILQ_FIRST(&exchange->held); call; call = TAILQ_NEXT(call, in_held))
        if (call->number == number)
            return call;
    return NULL;
}

static void hold_locked(struct soap_xmpp_call *call)
{
    struct sx_exchange *exchange = call->exchange;
    call->held = true;
    if (call->holds++ == 0)
        TAILQ_INSERT_TAIL(&exchange->held, call, in_held);
    call->sent -= call->sent > 0; /* the copy that was refused, or never posted */
    call->due_us = SX_NEVER;
    TAILQ_REMOVE(&exchange->kept, call, in_kept);
    TAILQ_INSERT_TAIL(&exchange->kept, call, in_kept);
}

void sx_hold_begin(struct soap_xmpp_call *call)
{
    struct sx_exchange *exchange = call->exchange;
    pthread_mutex_lock(&exchange->mu);
    if (call->state == CALL_UNDER_WAY && call->payload)
        hold_locked(call);
    pthread_mutex_unlock(&exchange->mu);
}

void sx_hold_end(struct sx_exchange *exchange, uint64_t number)
{
    struct soap_xmpp_call *call;
    pthread_mutex_lock(&exchange->mu);
    call = find_locked(exchange, number);
    if (call) {
        call->held = false;
        call->due_us = 0;
        TAILQ_REMOVE(&exchange->kept, call, in_kept);
        TAILQ_INSERT_HEAD(&exchange->kept, call, in_kept);
    }
    pthread_mutex_unlock(&exchange->mu);
}

bool sx_hold_again(struct sx_exchange *exchange, const char *from, const char *id, uint64_t *number)
{
    struct soap_xmpp_call *call;
    bool holds = false;
    pthread_mutex_lock(&exchange->mu);
    call = sx_table_find_locked(exchange, id);
    if (call && call->payload && call->holds > 0 && sx_table_is_from_peer_locked(call, from) &&
        !sx_request_id_is_again(id) && (call->held || call->holds < MAX_HOLDS)) {
        if (!call->held && call->dealt)
            sx_dealt_restart_locked(call);
        if (!call->held)
            hold_locked(call);
        *number = call->number;
        holds = true;
    }
    pthread_mutex_unlock(&exchange->mu);
    return holds;
}

bool sx_hold_is_wanted(struct sx_exchange *exchange, uint64_t number)
{
    bool wanted;
    pthread_mutex_lock(&exchange->mu);
    wanted = find_locked(exchange, number) != NULL;
    pthread_mutex_unlock(&exchange->mu);
    return wanted;
}

void sx_hold_refuse(struct sx_exchange *exchange, uint64_t number, const char *condition,
                    const char *text)
{
    struct sx_reply reply = {.err = SX_ESTANZA, .delivery.refused = true};
    struct soap_xmpp_call *call;
    char id[ID_BYTES] = "", *peer = NULL;
    snprintf(reply.condition, sizeof reply.condition, "%s", condition);
    snprintf(reply.text, sizeof reply.text, "%s", text);
    pthread_mutex_lock(&exchange->mu);
    call = find_locked(exchange, number);
    if (call) {
        memcpy(id, call->id, sizeof id);
        peer = strdup(call->peer);
        if (!peer)
            sx_table_end_locked(call, SX_ENOMEM, sx_fault_text(SX_ENOMEM));
    }
    pthread_mutex_unlock(&exchange->mu);
    if (peer)
        (void)sx_exchange_complete(exchange, peer, id, &reply);
    free(peer);
}

bool sx_exchange_awaits(struct sx_exchange *exchange, const char *peer)
{
    const struct soap_xmpp_call *call;
    bool awaits = false;
    pthread_mutex_lock(&exchange->mu);
    for (call = TAILQ_FIRST(&exchange->order); call && !awaits; call = TAILQ_NEXT(call, in_order))
        awaits = sx_table_is_from_peer_locked(call, peer);
    pthread_mutex_unlock(&exchange->mu);
    return awaits;
}

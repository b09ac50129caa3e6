/* message_call.c - calls by message: in the table like any other, but answered by an account, not
 * by one resource of it, and perhaps to another process than the one that asked.
 *
 * Invariant: a message's `message_id` begins with its `id`, by which the table finds it. A call
 * that is FOUND is in `done` and nobody's: take makes it the program's (RETURNED), drop_all frees
 * those that nobody took. `found` and `found_bytes` count them.
 *
 * Happy path: begin -> set_message -> posted with its receipt behind it -> take_receipt ->
 *             complete.
 * Found:      an answer whose name is proven (wire/message_id.c) -> complete -> next_done, in
 *             a process that has never sent the request.
 * Failure:    lost before the receipt: nobody knows, the call ends. Too many are found, and nobody
 *             takes them: what comes then is lost.
 *
 * Modelled in tests/model: message.pml.
 */
#include "exchange/message_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "exchange/deadline.h"
#include "exchange/table.h"

#define RECEIPT "~received" /* where a message's id has its mark */

enum sx_err sx_message_call_set(struct soap_xmpp_call *call, const char *suffix, const char *name)
{
    struct sx_exchange *exchange = call->exchange;
    size_t head_len = strlen(call->id), suffix_bytes = strlen(suffix) + 1;
    char *message_id = malloc(head_len + suffix_bytes), *copy = name ? strdup(name) : NULL;
    enum sx_err err = SX_OK;
    if (!message_id || (name && !copy)) {
        free(message_id);
        free(copy);
        return SX_ENOMEM;
    }
    memcpy(message_id, call->id, head_len);
    memcpy(message_id + head_len, suffix, suffix_bytes);
    pthread_mutex_lock(&exchange->mu);
    if (!sx_table_is_under_way_locked(call)) {
        err = call->err;
    } else if (!sx_table_set_message_locked(call)) {
        err = SX_ENOMEM;
    } else {
        call->message_id = message_id;
        call->name = copy;
        message_id = copy = NULL;
    }
    pthread_mutex_unlock(&exchange->mu);
    free(message_id);
    free(copy);
    return err;
}

bool sx_message_call_is_one(const struct soap_xmpp_call *call)
{
    return call->message_id != NULL;
}

const char *sx_message_call_name(const struct soap_xmpp_call *call)
{
    return call->name ? call->name : "";
}

/* ---- receipts ---- */

void sx_message_call_receipt_id(const struct soap_xmpp_call *call, char id[SX_RECEIPT_ID_BYTES])
{
    snprintf(id, SX_RECEIPT_ID_BYTES, "%s" RECEIPT, call->id);
}

static struct soap_xmpp_call *find_receipt_locked(struct sx_exchange *exchange, const char *id,
                                                  size_t head_len)
{
    struct soap_xmpp_call *call;
    LIST_FOREACH(call, sx_table_bucket(exchange, sx_table_number(id)), in_bucket)
    if (call->message_id && strlen(call->id) == head_len && memcmp(call->id, id, head_len) == 0)
        return call;
    return NULL;
}

bool sx_message_call_take_receipt(struct sx_exchange *exchange, const char *id)
{
    size_t len = strlen(id), mark_len = sizeof RECEIPT - 1;
    struct soap_xmpp_call *call;
    if (len < mark_len || strcmp(id + len - mark_len, RECEIPT) != 0 ||
        !sx_table_gave_out(exchange, id))
        return false;
    pthread_mutex_lock(&exchange->mu);
    call = find_receipt_locked(exchange, id, len - mark_len);
    if (call && call->phase != PHASE_PREPARED) {
        sx_table_set_phase_locked(call, PHASE_RECEIVED);
        if (call->is_one_way)
            sx_table_answer_locked(call, SX_OK, NULL);
        else if (call->waiter)
            pthread_cond_signal(call->waiter);
    }
    pthread_mutex_unlock(&exchange->mu);
    return true;
}

void sx_message_call_wait_received(struct soap_xmpp_call *call, int64_t deadline,
                                   struct sx_reply *reply)
{
    pthread_mutex_lock(&call->exchange->mu);
    sx_deadline_await_locked(call, deadline, true, reply);
    /* Its time may be over, but nothing more was to come. */
    if (reply->err == SX_ETIMEOUT && call->ended_in == PHASE_RECEIVED)
        reply->err = SX_OK;
    pthread_mutex_unlock(&call->exchange->mu);
}

/* ---- answers that were found ---- */

void sx_message_call_expect_found(struct sx_exchange *exchange, size_t max_bytes)
{
    pthread_mutex_lock(&exchange->mu);
    exchange->awaits_found = true;
    exchange->max_found_bytes = max_bytes;
    pthread_mutex_unlock(&exchange->mu);
}

static enum sx_err enter_found_locked(struct soap_xmpp_call *call)
{
    struct sx_exchange *exchange = call->exchange;
    if (exchange->stopped)
        return SX_ESTOPPED;
    if (exchange->found >= exchange->max_calls ||
        call->found_bytes > exchange->max_found_bytes - exchange->found_bytes)
        return SX_EFULL;
    exchange->found++;
    exchange->found_bytes += call->found_bytes;
    call->ended_number = exchange->endings++;
    sx_table_add_done_locked(call);
    return SX_OK;
}

/* A call that is done before it is known here. Takes reply; NULL: no memory. */
static struct soap_xmpp_call *make_found(struct sx_exchange *exchange, const char *from,
                                         const char *name, struct sx_reply *reply)
{
    struct soap_xmpp_call *call = sx_table_make(exchange, from, reply->envelope.operation);
    size_t found_bytes = reply->envelope.len;
    enum sx_err err = reply->err;
    struct sx_reply *kept = sx_reply_keep(reply);
    char *message_id = strdup(""), *copy = strdup(name);
    if (!call || !kept || !message_id || !copy) {
        free(copy);
        free(message_id);
        sx_reply_free(kept);
        sx_table_free(call);
        return NULL;
    }
    call->begun_us = sx_clock_now_us();
    call->kind = CALL_BY_MESSAGE;
    call->phase = PHASE_FOUND; /* its first; nobody else knows it yet */
    call->is_detached = true;
    call->found_bytes = found_bytes;
    call->err = err;
    call->reply = kept;
    call->message_id = message_id;
    call->name = copy;
    return call;
}

/* No other answer will come. */
static void end_unanswered(struct sx_exchange *exchange, const char *from, const char *id)
{
    struct soap_xmpp_call *call;
    pthread_mutex_lock(&exchange->mu);
    call = sx_table_find_locked(exchange, id);
    if (call && sx_table_is_from_peer_locked(call, from))
        sx_table_end_locked(call, SX_ENOMEM, NULL);
    pthread_mutex_unlock(&exchange->mu);
}

enum sx_err sx_message_call_complete(struct sx_exchange *exchange, const char *from, const char *id,
                                     const char *name, struct sx_reply *reply, bool *found)
{
    struct soap_xmpp_call *made = make_found(exchange, from, name, reply), *call;
    enum sx_err err = SX_OK;
    if (!made) {
        end_unanswered(exchange, from, id);
        return SX_ENOMEM;
    }
    pthread_mutex_lock(&exchange->mu);
    call = sx_table_find_locked(exchange, id);
    if (call && sx_table_is_from_peer_locked(call, from)) {
        sx_table_answer_locked(call, made->err, made->reply);
        made->reply = NULL;
        *found = false;
    } else {
        err = enter_found_locked(made);
        if (err == SX_OK)
            made = NULL;
        *found = true;
    }
    pthread_mutex_unlock(&exchange->mu);
    sx_table_free(made);
    return err;
}

/* The program may detach it again: it then comes back as any other. */
bool sx_message_call_claim(struct soap_xmpp_call *call)
{
    bool is_unclaimed;
    pthread_mutex_lock(&call->exchange->mu);
    is_unclaimed = call->phase == PHASE_RETURNED;
    if (is_unclaimed)
        sx_table_set_phase_locked(call, PHASE_ENDED);
    pthread_mutex_unlock(&call->exchange->mu);
    return is_unclaimed;
}

void sx_message_call_take_locked(struct soap_xmpp_call *call)
{
    struct sx_exchange *exchange = call->exchange;
    if (call->phase != PHASE_FOUND)
        return;
    exchange->found--;
    exchange->found_bytes -= call->found_bytes;
    exchange->unreleased++;
    sx_table_set_phase_locked(call, PHASE_RETURNED);
}

void sx_message_call_drop_all(struct sx_exchange *exchange)
{
    struct soap_xmpp_call *call = TAILQ_FIRST(&exchange->done), *next;
    for (; call; call = next) {
        next = TAILQ_NEXT(call, in_done);
        if (call->phase != PHASE_FOUND)
            continue;
        TAILQ_REMOVE(&exchange->done, call, in_done);
        sx_table_free(call);
    }
}

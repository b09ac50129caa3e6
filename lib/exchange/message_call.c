/* message_call.c - calls by message: in the table like any other, but answered by an account, not
 * by one resource of it, and perhaps to another process than the one that asked.
 *
 * Invariant: a mailed call's `mail` begins with its `id`, by which the table finds it. A call in
 * `done` with is_found is nobody's: take_found_locked makes it the program's, drop_found frees
 * those that nobody took. found and found_bytes count them.
 *
 * Happy path: begin -> mail -> posted with its receipt behind it -> take_receipt -> complete.
 * Found:      an answer whose name is proven (message_id.c) -> find -> next_done, in a process that
 * has never sent the request. Failure:    lost before the receipt: nobody knows, the call ends. Too
 * many found, and nobody who takes them: what comes then is lost.
 */
#include "exchange/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/jid.h"
#include "base/clock.h"

#define RECEIPT "~received" /* where a message's id has its mark */

enum sx_err sx_exchange_set_message(struct soap_xmpp_call *call, const char *suffix,
                                    const char *name)
{
    struct sx_exchange *exchange = call->exchange;
    size_t head_len = strlen(call->id), suffix_bytes = strlen(suffix) + 1;
    char *mail = malloc(head_len + suffix_bytes), *copy = name ? strdup(name) : NULL;
    enum sx_err err = SX_OK;
    if (!mail || (name && !copy)) {
        free(mail);
        free(copy);
        return SX_ENOMEM;
    }
    memcpy(mail, call->id, head_len);
    memcpy(mail + head_len, suffix, suffix_bytes);
    pthread_mutex_lock(&exchange->mu);
    if (call->state == CALL_UNDER_WAY) {
        call->mail = mail;
        call->name = copy;
        mail = copy = NULL;
    } else {
        err = call->err;
    }
    pthread_mutex_unlock(&exchange->mu);
    free(mail);
    free(copy);
    return err;
}

bool sx_exchange_is_message(const struct soap_xmpp_call *call)
{
    return call->mail != NULL;
}

const char *sx_exchange_name(const struct soap_xmpp_call *call)
{
    return call->name ? call->name : "";
}

/* RFC 6121 8.5: a server may hand a message for one resource to another, and one for an account to
 * any. */
bool sx_table_is_from_account(const struct soap_xmpp_call *call, const char *from)
{
    char peer[SX_JID_BYTES], bare[SX_JID_BYTES];
    if (!from)
        return false;
    sx_jid_bare(call->peer, peer, sizeof peer);
    sx_jid_bare(from, bare, sizeof bare);
    return sx_jid_equal(peer, bare);
}

/* ---- receipts ---- */

uint64_t sx_table_number(const char *id)
{
    return strtoull(id + PREFIX_LEN, NULL, 16);
}

void sx_exchange_receipt_id(const struct soap_xmpp_call *call, char id[SX_RECEIPT_ID_BYTES])
{
    snprintf(id, SX_RECEIPT_ID_BYTES, "%s" RECEIPT, call->id);
}

static struct soap_xmpp_call *find_receipt_locked(struct sx_exchange *exchange, const char *id,
                                                  size_t head_len)
{
    struct soap_xmpp_call *call = LIST_FIRST(sx_table_bucket(exchange, sx_table_number(id)));
    while (call &&
           !(call->mail && strlen(call->id) == head_len && memcmp(call->id, id, head_len) == 0))
        call = LIST_NEXT(call, in_bucket);
    return call;
}

/* Whoever it is from: the id can't be guessed, and who knows it has got it through our server. */
bool sx_exchange_take_receipt(struct sx_exchange *exchange, const char *id)
{
    size_t len = strlen(id), mark_len = sizeof RECEIPT - 1;
    struct soap_xmpp_call *call;
    if (len < mark_len || strcmp(id + len - mark_len, RECEIPT) != 0 ||
        !sx_exchange_gave_out(exchange, id))
        return false;
    pthread_mutex_lock(&exchange->mu);
    call = find_receipt_locked(exchange, id, len - mark_len);
    if (call)
        call->is_received = true;
    if (call && call->waiter)
        pthread_cond_signal(call->waiter);
    pthread_mutex_unlock(&exchange->mu);
    return true;
}

void sx_exchange_wait_received(struct soap_xmpp_call *call, int64_t deadline,
                               struct sx_reply *reply)
{
    struct sx_reply *kept;
    enum sx_err err;
    pthread_mutex_lock(&call->exchange->mu);
    kept = sx_table_await_locked(call, deadline, true, &err);
    /* Its time may be over, but nothing more was to come. */
    if (err == SX_ETIMEOUT && call->is_received)
        err = SX_OK;
    pthread_mutex_unlock(&call->exchange->mu);
    if (kept)
        *reply = *kept;
    else
        memset(reply, 0, sizeof *reply);
    reply->err = err;
    free(kept);
}

/* ---- answers that were found ---- */

void sx_exchange_expect_found(struct sx_exchange *exchange, size_t max_bytes)
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

static void free_found(struct soap_xmpp_call *call)
{
    if (call->reply)
        sx_reply_fini(call->reply);
    free(call->reply);
    free(call->mail);
    free(call->name);
    free(call);
}

/* A call that is done before it is known here. Takes reply, NULL: no memory. */
static struct soap_xmpp_call *make_found(struct sx_exchange *exchange, const char *from,
                                         const char *name, struct sx_reply *reply)
{
    struct soap_xmpp_call *call = sx_table_make(exchange, from, reply->envelope.operation);
    struct sx_reply *kept = malloc(sizeof *kept);
    if (!call || !kept) {
        free(call);
        free(kept);
        sx_reply_fini(reply);
        return NULL;
    }
    call->begun_us = sx_clock_now_us();
    call->state = CALL_ENDED;
    call->detached = call->is_found = true;
    call->found_bytes = reply->envelope.len;
    call->err = reply->err;
    *kept = *reply;
    memset(reply, 0, sizeof *reply);
    call->reply = kept;
    call->mail = strdup("");
    call->name = strdup(name);
    if (call->mail && call->name)
        return call;
    free_found(call);
    return NULL;
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

enum sx_err sx_exchange_complete_named(struct sx_exchange *exchange, const char *from,
                                       const char *id, const char *name, struct sx_reply *reply,
                                       bool *found)
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
        sx_table_answer_locked(call, made->reply);
        made->reply = NULL;
        *found = false;
    } else {
        err = enter_found_locked(made);
        if (err == SX_OK)
            made = NULL;
        *found = true;
    }
    pthread_mutex_unlock(&exchange->mu);
    if (made)
        free_found(made);
    return err;
}

bool sx_exchange_claim(struct soap_xmpp_call *call)
{
    bool is_unclaimed;
    pthread_mutex_lock(&call->exchange->mu);
    is_unclaimed = call->is_unclaimed;
    call->is_unclaimed = false;
    pthread_mutex_unlock(&call->exchange->mu);
    return is_unclaimed;
}

void sx_table_take_found_locked(struct soap_xmpp_call *call)
{
    struct sx_exchange *exchange = call->exchange;
    if (!call->is_found)
        return;
    exchange->found--;
    exchange->found_bytes -= call->found_bytes;
    exchange->unreleased++;
    /* The program may detach it again: it comes back as any other. */
    call->is_found = false;
    call->is_unclaimed = true;
}

void sx_table_drop_found(struct sx_exchange *exchange)
{
    struct soap_xmpp_call *call = TAILQ_FIRST(&exchange->done), *next;
    for (; call; call = next) {
        next = TAILQ_NEXT(call, in_done);
        if (!call->is_found)
            continue;
        TAILQ_REMOVE(&exchange->done, call, in_done);
        free_found(call);
    }
}

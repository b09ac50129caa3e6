/* draft.c - calls that wait to be sent for the first time.
 *
 * Invariant: draft.h. A call is in the list of its wait exactly while it is PREPARED and has its
 * draft. Its id stays while it is PREPARED, but for one whose copy was taken back.
 *
 * Happy path: begin -> park for the link -> take -> park for the peer -> wake -> take -> send.
 * Failure: ended meanwhile, by its deadline, a cancel, a refusal or the stop: park and send say so,
 * and whoever has the draft frees it.
 */
#include "exchange/draft.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/deadline.h"
#include "exchange/due.h"
#include "exchange/hold.h"
#include "exchange/table.h"

/* ---- it begins ---- */

static enum sx_err find_room_locked(struct sx_exchange *exchange)
{
    if (exchange->stopped)
        return SX_ESTOPPED;
    if (exchange->under_way >= exchange->max_calls)
        sx_deadline_expire_locked(exchange);
    return exchange->under_way < exchange->max_calls ? SX_OK : SX_EFULL;
}

enum sx_err sx_draft_begin(struct sx_exchange *exchange, const char *peer, const char *operation,
                           const char *from, bool is_one_way, struct soap_xmpp_call **call)
{
    struct soap_xmpp_call *entered = sx_table_make(exchange, peer, operation);
    enum sx_err err;
    if (!entered)
        return SX_ENOMEM;
    entered->phase = PHASE_PREPARED; /* its first; nobody else knows it yet */
    entered->is_posted = true;
    entered->is_one_way = is_one_way;
    entered->sent = 0;
    entered->from = from ? strdup(from) : NULL;
    if (!entered->from != !from) {
        sx_table_free(entered);
        return SX_ENOMEM;
    }
    pthread_mutex_lock(&exchange->mu);
    err = find_room_locked(exchange);
    if (err == SX_OK && !sx_table_enter_locked(entered))
        err = SX_ENOMEM;
    pthread_mutex_unlock(&exchange->mu);
    if (err == SX_OK)
        *call = entered;
    else
        sx_table_free(entered);
    return err;
}

bool sx_draft_is_of(const struct soap_xmpp_call *call)
{
    return call->is_posted;
}

/* ---- it waits ---- */

static struct soap_xmpp_call *find_locked(struct sx_exchange *exchange, const char *id)
{
    struct soap_xmpp_call *call = sx_table_find_locked(exchange, id);
    return call && call->phase == PHASE_PREPARED ? call : NULL;
}

bool sx_draft_park(struct sx_exchange *exchange, const char *id, void *draft,
                   void (*free_draft)(void *draft), enum call_wait wait, const char *jid)
{
    struct soap_xmpp_call *call;
    pthread_mutex_lock(&exchange->mu);
    call = find_locked(exchange, id);
    if (call) {
        assert(!call->draft);
        call->draft = draft;
        call->free_draft = free_draft;
        sx_table_begin_wait_locked(call, wait, jid);
    }
    pthread_mutex_unlock(&exchange->mu);
    return call != NULL;
}

bool sx_draft_is_any(const struct sx_exchange *exchange)
{
    return atomic_load(&exchange->waiting) > 0;
}

void *sx_draft_take(struct sx_exchange *exchange, enum call_wait wait, unsigned *word)
{
    struct soap_xmpp_call *call;
    void *draft = NULL;
    pthread_mutex_lock(&exchange->mu);
    sx_deadline_expire_locked(exchange);
    call = TAILQ_FIRST(&exchange->waits[wait]);
    if (call) {
        sx_table_end_wait_locked(call);
        draft = call->draft;
        *word = call->word;
        call->draft = NULL;
        call->word = 0;
    }
    pthread_mutex_unlock(&exchange->mu);
    return draft;
}

static void wake_locked(struct soap_xmpp_call *call, unsigned word)
{
    call->word = word;
    sx_table_end_wait_locked(call);
    sx_table_begin_wait_locked(call, WAIT_LINK, NULL);
}

void sx_draft_wake(struct sx_exchange *exchange, enum call_wait wait, const char *jid,
                   unsigned word)
{
    struct soap_xmpp_call *call, *next;
    struct sx_load *load;
    assert(wait != WAIT_LINK);
    pthread_mutex_lock(&exchange->mu);
    load = jid ? sx_load_find(&exchange->awaited[wait], jid) : NULL;
    if (load)
        load->count++; /* it stays until its list was gone through */
    for (call = load ? TAILQ_FIRST(&load->list) : NULL; call; call = next) {
        next = TAILQ_NEXT(call, in_awaited);
        wake_locked(call, word);
    }
    sx_load_drop(&exchange->awaited[wait], load);
    while (!jid && (call = TAILQ_FIRST(&exchange->waits[wait])) != NULL)
        wake_locked(call, word);
    pthread_mutex_unlock(&exchange->mu);
}

bool sx_draft_waits(struct sx_exchange *exchange, enum call_wait wait, const char *jid)
{
    bool waits;
    pthread_mutex_lock(&exchange->mu);
    waits = jid ? sx_load_count(&exchange->awaited[wait], jid) > 0
                : !TAILQ_EMPTY(&exchange->waits[wait]);
    pthread_mutex_unlock(&exchange->mu);
    return waits;
}

/* ---- it is sent ---- */

/* Takes payload. */
static void keep_locked(struct soap_xmpp_call *call, const struct sx_draft_way *way, char *payload)
{
    sx_table_set_payload_locked(call, payload, way->payload_len);
    sx_table_rename_locked(call, way->incarnation);
    if (way->is_held) {
        sx_hold_begin_locked(call);
        return;
    }
    sx_table_set_phase_locked(call, PHASE_SENT);
    sx_table_set_sent_locked(call, 1);
    sx_due_begin_locked(call);
}

static enum sx_err send_locked(struct soap_xmpp_call *call, const struct sx_draft_way *way,
                               char **payload)
{
    assert(!call->is_waiting && !call->draft);
    if (way->any_resource)
        sx_table_allow_any_resource_locked(call);
    if (strcmp(call->peer, way->peer) != 0 && !sx_table_set_peer_locked(call, way->peer))
        return SX_ENOMEM;
    if (*payload) {
        keep_locked(call, way, *payload);
        *payload = NULL;
        return SX_OK;
    }
    sx_table_set_phase_locked(call, PHASE_SENT);
    sx_table_set_sent_locked(call, 1);
    return SX_OK;
}

static char *copy_payload(const struct sx_draft_way *way)
{
    char *copy = malloc(way->payload_len + 1);
    if (!copy)
        return NULL;
    memcpy(copy, way->payload, way->payload_len);
    copy[way->payload_len] = '\0';
    return copy;
}

enum sx_err sx_draft_send(struct sx_exchange *exchange, const char *id,
                          const struct sx_draft_way *way, char new_id[SX_EXCHANGE_ID_BYTES],
                          uint64_t *number)
{
    char *payload = way->incarnation ? copy_payload(way) : NULL;
    struct soap_xmpp_call *call;
    enum sx_err err = SX_ESTOPPED;
    if (way->incarnation && !payload)
        return SX_ENOMEM;
    pthread_mutex_lock(&exchange->mu);
    sx_deadline_expire_locked(exchange);
    call = find_locked(exchange, id);
    if (call)
        err = send_locked(call, way, &payload);
    if (err == SX_OK) {
        if (!call->message_id)
            snprintf(new_id, SX_EXCHANGE_ID_BYTES, "%s", call->id);
        *number = call->number;
    }
    pthread_mutex_unlock(&exchange->mu);
    free(payload);
    return err;
}

/* ---- it wasn't posted ---- */

/* Whether nothing has happened since it was marked as sent. */
static bool is_untouched_locked(const struct soap_xmpp_call *call)
{
    return call->phase == PHASE_SENT && call->sent == 1 && !call->renewals && !call->moves;
}

static void take_back_locked(struct soap_xmpp_call *call)
{
    if (sx_table_is_kept_locked(call)) {
        sx_due_set_locked(call, SX_NEVER);
        sx_table_set_payload_locked(call, NULL, 0);
    }
    sx_table_set_sent_locked(call, 0);
    sx_table_set_phase_locked(call, PHASE_PREPARED);
}

bool sx_draft_unsend(struct sx_exchange *exchange, const char *id)
{
    struct soap_xmpp_call *call;
    bool is_prepared;
    pthread_mutex_lock(&exchange->mu);
    call = sx_table_find_locked(exchange, id);
    is_prepared = call && is_untouched_locked(call);
    if (is_prepared) {
        take_back_locked(call);
    } else if (call && sx_table_is_kept_locked(call) && call->phase == PHASE_SENT) {
        sx_table_take_copy_back_locked(call); /* another one went out with the next session */
    }
    pthread_mutex_unlock(&exchange->mu);
    return is_prepared;
}

/* ---- it ends ---- */

void sx_draft_end(struct sx_exchange *exchange, const char *id, enum sx_err err, const char *text)
{
    struct soap_xmpp_call *call;
    pthread_mutex_lock(&exchange->mu);
    call = find_locked(exchange, id);
    if (call)
        sx_table_end_locked(call, err, text);
    pthread_mutex_unlock(&exchange->mu);
}

void sx_draft_end_all(struct sx_exchange *exchange, enum sx_err err, const char *text)
{
    struct soap_xmpp_call *call;
    int wait;
    pthread_mutex_lock(&exchange->mu);
    sx_deadline_expire_locked(exchange);
    for (wait = 0; wait < WAITS; wait++)
        while ((call = TAILQ_FIRST(&exchange->waits[wait])) != NULL)
            sx_table_end_locked(call, err, text);
    pthread_mutex_unlock(&exchange->mu);
}

bool sx_draft_was_unsent(const struct soap_xmpp_call *call, enum call_wait *wait)
{
    *wait = call->wait;
    return call->phase == PHASE_ENDED && call->ended_in == PHASE_PREPARED;
}

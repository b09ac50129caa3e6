/* retry.c - kept calls: sent again until they are answered or their time is over.
 *
 * Why at all: a request or its answer can get lost with a connection, ours, the peer's or one
 * between servers, and nobody on the way says so. Only the two ends can know. The peer runs an id
 * once (journal.c) and answers a second copy with the first one's answer, so sending again is safe.
 *
 * Invariant: a call is in `kept` exactly while it is under way and has a payload. `sent` counts the
 * copies that may have reached a process that runs them. Its id changes only while it is certain
 * that none did.
 *
 * Happy path: keep -> posted -> answered; nothing here runs again.
 * Lost:       lose -> online -> take_due -> posted under the same id -> answered from the journal.
 * Unposted:   unpost takes the first copy back, unless another went out while it waited for room.
 * Absent:     a server says that nobody is there: that copy is out of the world, the next one is
 * due after its interval. Restarted:  the peer says stale, of this copy. No other is out: it did
 * not run, retry renames it. Otherwise: nobody knows, the call ends.
 */
#include "exchange/retry.h"
#include "exchange/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "soap/payload.h"

enum {
    MOST_INTERVAL_US = 30000000,
    FIRST_ABSENCE_US = 250000, /* after a bounce nothing is under way: asking again costs little */
    MAX_RENEWALS = 5,          /* a peer that restarts more often during one call isn't worth it */
};

/* kept is in order of due_us. Intervals are mostly equal, so that the place is mostly the tail. */
static void place_locked(struct soap_xmpp_call *call)
{
    struct call_list *kept = &call->exchange->kept;
    struct soap_xmpp_call *before = TAILQ_LAST(kept, call_list);
    while (before && before->due_us > call->due_us)
        before = TAILQ_PREV(before, call_list, in_kept);
    if (before)
        TAILQ_INSERT_AFTER(kept, before, call, in_kept);
    else
        TAILQ_INSERT_HEAD(kept, call, in_kept);
}

/* A held call stays where it is: it is never due. */
void sx_kept_set_due_locked(struct soap_xmpp_call *call, int64_t due_us)
{
    if (call->held)
        return;
    TAILQ_REMOVE(&call->exchange->kept, call, in_kept);
    call->due_us = due_us;
    place_locked(call);
}

enum sx_err sx_retry_keep(struct soap_xmpp_call *call, const char *incarnation, const char *payload,
                          size_t len)
{
    struct sx_exchange *exchange = call->exchange;
    enum sx_err err = SX_OK;
    char *copy = malloc(len + 1);
    if (!copy)
        return SX_ENOMEM;
    memcpy(copy, payload, len);
    copy[len] = '\0';
    pthread_mutex_lock(&exchange->mu);
    if (call->state == CALL_UNDER_WAY) {
        call->payload = copy;
        call->payload_len = len;
        call->interval_us = SX_KEPT_INTERVAL_US;
        call->due_us = sx_clock_now_us() + call->interval_us;
        call->sent = 1;
        place_locked(call);
        sx_table_rename_locked(call, incarnation);
        copy = NULL;
    } else {
        err = call->err;
    }
    pthread_mutex_unlock(&exchange->mu);
    free(copy);
    return err;
}

bool sx_retry_unpost(struct soap_xmpp_call *call, enum sx_err err)
{
    struct sx_exchange *exchange = call->exchange;
    bool goes_on = true;
    pthread_mutex_lock(&exchange->mu);
    if (call->payload) {
        call->sent -= call->sent > 0; /* an error under its id came too early */
        goes_on = err == SX_ELOST || call->sent > 0;
        TAILQ_REMOVE(&exchange->kept, call, in_kept);
        if (goes_on) {
            call->due_us = err == SX_ELOST ? 0 : call->due_us;
            place_locked(call);
        } else {
            free(call->payload);
            call->payload = NULL;
        }
    }
    pthread_mutex_unlock(&exchange->mu);
    return goes_on;
}

void sx_retry_lose(struct sx_exchange *exchange, enum sx_err err, const char *text,
                   size_t max_payload_bytes)
{
    struct soap_xmpp_call *call, *next;
    pthread_mutex_lock(&exchange->mu);
    for (call = TAILQ_FIRST(&exchange->order); call; call = next) {
        next = TAILQ_NEXT(call, in_order);
        if (call->payload && (call->held || (call->is_last && !call->is_out)))
            continue;
        if (call->is_received) /* its answer will find us in the next session */
            continue;
        if (call->payload && !call->is_out && call->payload_len <= max_payload_bytes)
            call->due_us = 0;
        else
            sx_table_end_locked(call, err, text);
    }
    pthread_mutex_unlock(&exchange->mu);
}

int64_t sx_retry_due_us(struct sx_exchange *exchange)
{
    const struct soap_xmpp_call *first;
    int64_t due_us;
    pthread_mutex_lock(&exchange->mu);
    first = TAILQ_FIRST(&exchange->kept);
    due_us = first ? first->due_us : SX_NEVER;
    pthread_mutex_unlock(&exchange->mu);
    return due_us;
}

static bool copy_locked(const struct soap_xmpp_call *call, struct sx_copy *copy)
{
    return sx_copy_init(copy, call->peer, call->id, call->payload, call->payload_len);
}

static void put_off_locked(struct soap_xmpp_call *call, int64_t now_us, bool taken)
{
    if (call->is_last && taken) {
        call->is_out = true;
        sx_kept_set_due_locked(call, SX_NEVER);
        return;
    }
    sx_kept_set_due_locked(call, now_us + call->interval_us);
    call->interval_us *= 2;
    if (call->interval_us > MOST_INTERVAL_US)
        call->interval_us = MOST_INTERVAL_US;
}

bool sx_retry_take_due(struct sx_exchange *exchange, int64_t now_us, struct sx_copy *copy)
{
    struct soap_xmpp_call *call;
    bool taken = false;
    pthread_mutex_lock(&exchange->mu);
    call = TAILQ_FIRST(&exchange->kept);
    if (call && call->due_us <= now_us) {
        taken = call->dealt ? sx_dealt_copy_locked(call, copy) : copy_locked(call, copy);
        call->sent += !call->dealt;
        put_off_locked(call, now_us, taken);
    }
    pthread_mutex_unlock(&exchange->mu);
    return taken;
}

void sx_retry_put_back(struct sx_exchange *exchange, const struct sx_copy *copy)
{
    struct soap_xmpp_call *call;
    pthread_mutex_lock(&exchange->mu);
    call = sx_table_find_locked(exchange, copy->id);
    /* A later copy of a dealt call is nothing to be run. */
    if (call && call->payload && call->sent > 0 && strcmp(call->id, copy->id) == 0) {
        call->sent--;
        if (call->is_out) {
            call->is_out = false;
            sx_kept_set_due_locked(call, sx_clock_now_us() + call->interval_us);
        }
    }
    pthread_mutex_unlock(&exchange->mu);
}

/* ---- calls that fall back ---- */

static bool is_packed_locked(const struct soap_xmpp_call *call, const char *peer)
{
    return peer && call->payload && sx_payload_is_packed(call->payload) &&
           strcmp(call->peer, peer) == 0;
}

bool sx_retry_is_packed(struct sx_exchange *exchange, const char *peer, const char *id)
{
    const struct soap_xmpp_call *call;
    bool packed;
    pthread_mutex_lock(&exchange->mu);
    call = sx_table_find_locked(exchange, id);
    packed = call && is_packed_locked(call, peer);
    pthread_mutex_unlock(&exchange->mu);
    return packed;
}

bool sx_retry_take_packed(struct sx_exchange *exchange, const char *peer, struct sx_copy *copy)
{
    struct soap_xmpp_call *call;
    bool taken = false;
    pthread_mutex_lock(&exchange->mu);
    for (call = TAILQ_FIRST(&exchange->kept); call; call = TAILQ_NEXT(call, in_kept)) {
        if (is_packed_locked(call, peer)) {
            taken = copy_locked(call, copy);
            break;
        }
    }
    pthread_mutex_unlock(&exchange->mu);
    return taken;
}

void sx_retry_replace(struct sx_exchange *exchange, const char *id, char *payload, size_t len,
                      bool runs_once, enum sx_err err, const char *text)
{
    struct soap_xmpp_call *call;
    pthread_mutex_lock(&exchange->mu);
    call = sx_table_find_locked(exchange, id);
    if (call && call->payload && payload) {
        free(call->payload);
        call->payload = payload;
        call->payload_len = len;
        call->is_last = !runs_once;
        call->held = false;
        /* Who runs what comes gets it once no other copy can have been run, if ever. */
        sx_kept_set_due_locked(call, call->is_last && call->sent ? SX_NEVER : 0);
        payload = NULL;
    } else if (call && call->payload) {
        sx_table_end_locked(call, err, text);
    }
    pthread_mutex_unlock(&exchange->mu);
    free(payload);
}

/* The peer is absent; it is asked for again soon, then ever more seldom. */
void sx_kept_await_return_locked(struct soap_xmpp_call *call)
{
    int64_t now_us = sx_clock_now_us();
    call->absence_us = call->absence_us ? 2 * call->absence_us : FIRST_ABSENCE_US;
    if (call->absence_us > MOST_INTERVAL_US)
        call->absence_us = MOST_INTERVAL_US;
    if (now_us + call->absence_us < call->due_us)
        sx_kept_set_due_locked(call, now_us + call->absence_us);
}

/* A bounce of a call of which one more copy goes out, or went. */
static bool retry_last_locked(struct soap_xmpp_call *call, const struct sx_reply *reply)
{
    bool others = call->sent > 1;
    if (sx_reply_is_unrun(reply->condition) && call->sent > 0)
        call->sent--;
    if (!call->is_out && call->sent == 0)
        sx_kept_set_due_locked(call, 0);
    return others || !call->is_out;
}

bool sx_kept_renew_locked(struct soap_xmpp_call *call, const char *incarnation)
{
    if (call->renewals >= MAX_RENEWALS)
        return false;
    call->renewals++;
    call->sent = 0;
    sx_kept_set_due_locked(call, 0);
    sx_table_rename_locked(call, incarnation);
    return true;
}

static bool retry_locked(struct soap_xmpp_call *call, const struct sx_reply *reply)
{
    if (reply->delivery.stale_for[0])
        return call->sent <= 1 && sx_kept_renew_locked(call, reply->delivery.stale_for);
    if (!sx_reply_is_bounce(reply))
        return false;
    if (call->is_last)
        return retry_last_locked(call, reply);
    if (sx_reply_is_unrun(reply->condition) && call->sent > 0)
        call->sent--;
    if (call->sent == 0)
        sx_kept_await_return_locked(call);
    return true;
}

bool sx_retry_decide(struct sx_exchange *exchange, const char *from, const char *id,
                     struct sx_reply *reply)
{
    struct soap_xmpp_call *call;
    bool retried = false;
    if (reply->err != SX_ESTANZA)
        return false;
    pthread_mutex_lock(&exchange->mu);
    call = sx_table_find_locked(exchange, id);
    if (call && call->payload && sx_table_is_from_peer_locked(call, from))
        retried = call->dealt ? sx_dealt_retry_locked(call, id, reply) : retry_locked(call, reply);
    pthread_mutex_unlock(&exchange->mu);
    return retried;
}

bool sx_exchange_may_have_run(const struct soap_xmpp_call *call, const struct sx_reply *reply)
{
    unsigned sent;
    bool dealt;
    pthread_mutex_lock(&call->exchange->mu);
    sent = call->sent;
    dealt = call->dealt;
    pthread_mutex_unlock(&call->exchange->mu);
    if (sx_fault_is_answered(reply->err))
        return true;
    if (reply->err != SX_ESTANZA || dealt)
        return sent > 0; /* an error to a shared JID's copy was judged by sx_dealt_retry_locked */
    /* What is said of one copy says nothing of another: one that was refused is forgotten, and the
     * next may have been let in. */
    if (reply->delivery.refused || reply->delivery.stale_for[0])
        return sent > 1;
    return sent > 1 || !sx_reply_is_unrun(reply->condition);
}

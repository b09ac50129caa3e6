/* retry.c - kept calls: sent again until they are answered or their time is over.
 *
 * Why at all: a request or its answer can get lost with a connection, ours, the peer's or one
 * between servers, and nobody on the way says so. Only the two ends can know. The peer runs an id
 * once (request/journal.c) and answers a second copy with the first one's answer, so sending again
 * is safe.
 *
 * Invariant: a call has a payload only while it is under way and of kind KEPT or SHARED: from keep
 * to its end, or until unpost gives it up. Without one nothing is sent any more and it doesn't
 * move. It falls back once at most. `sent` counts the copies that may have reached a process that
 * runs them. Its id changes only while it is certain that none did.
 *
 * Happy path: keep -> posted -> answered; nothing here runs again.
 * Lost:       lose -> online -> take_due -> posted under the same id -> answered from the journal.
 * Unread:     our server reads slowly: await_read puts the next copy off until the last one is
 * read. Unposted:   unpost takes the first copy back, unless another went out while it waited for
 * room. Absent:     a server says that nobody is there: that copy is out of the world, the next one
 * is due after its interval. Restarted:  the peer says stale, of this copy. If no other is out, the
 * request did not run: it gets another id. Otherwise nobody knows, and the call ends. Old: the peer
 * says stale of an epoch of its own that was over before the first copy under this id went out:
 * none was let in, however many there are. Another id. Falls back: the peer takes no packed payload
 * any longer: replace puts a plain one in its place, which goes out once more only, if the peer
 * doesn't run each id once.
 *
 * Modelled in tests/model: iq.pml, liveness.pml, message.pml, shared.pml.
 */
#include "exchange/retry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/probe.h"
#include "exchange/due.h"
#include "exchange/shared.h"
#include "exchange/table.h"

enum {
    DRIFT = 100,        /* two clocks may differ by one part in 100, far more than clocks do, */
    MARGIN_US = 1000000 /* and by a second more, for the moments at which they are read */
};

static bool is_last_locked(const struct soap_xmpp_call *call)
{
    return call->phase == PHASE_LAST || call->phase == PHASE_LAST_SENT;
}

enum sx_err sx_retry_keep(struct soap_xmpp_call *call, const char *incarnation, const char *payload,
                          size_t len)
{
    return sx_table_keep(call, incarnation, payload, len, 1, sx_due_begin_locked);
}

/* Whether the call still has its first id. It has another one if, while the first copy waited for
 * room, a second one went out and came too late for its epoch. */
static bool has_first_id_locked(const struct soap_xmpp_call *call)
{
    return call->renewals == 0 && call->moves == 0;
}

bool sx_retry_first_id(struct soap_xmpp_call *call, char id[SX_EXCHANGE_ID_BYTES])
{
    struct sx_exchange *exchange = call->exchange;
    bool is_first;
    pthread_mutex_lock(&exchange->mu);
    is_first = has_first_id_locked(call);
    if (is_first)
        snprintf(id, SX_EXCHANGE_ID_BYTES, "%s", call->id);
    pthread_mutex_unlock(&exchange->mu);
    return is_first;
}

static bool unpost_locked(struct soap_xmpp_call *call, enum sx_err err)
{
    if (!has_first_id_locked(call))
        return true; /* that copy isn't among those that are counted now */
    /* The last copy goes out only when no other is counted, so the first isn't any more. */
    if (call->phase != PHASE_LAST_SENT)
        sx_table_take_copy_back_locked(call);
    /* No copy is out, and none will be: not executed. With one out the call must wait for it. */
    if (err != SX_ELOST && call->sent == 0) {
        sx_due_set_locked(call, SX_NEVER);
        sx_table_set_payload_locked(call, NULL, 0);
        return false;
    }
    if (err == SX_ELOST && (!is_last_locked(call) || call->sent == 0))
        sx_due_set_locked(call, 0);
    return true;
}

bool sx_retry_unpost(struct soap_xmpp_call *call, enum sx_err err)
{
    struct sx_exchange *exchange = call->exchange;
    bool goes_on;
    pthread_mutex_lock(&exchange->mu);
    goes_on = !sx_table_is_kept_locked(call) || unpost_locked(call, err);
    pthread_mutex_unlock(&exchange->mu);
    return goes_on;
}

/* Whether the call outlives the connection, without another copy or with one. */
static bool survives_locked(struct soap_xmpp_call *call, size_t max_payload_bytes)
{
    switch (call->phase) {
    case PHASE_PREPARED: /* nothing of it was posted */
    case PHASE_HELD:     /* its bytes go on */
    case PHASE_LAST:     /* waits for what becomes of other copies */
    case PHASE_RECEIVED: /* its answer will find us in the next session */
        return true;
    case PHASE_SENT:
    case PHASE_ASKED:
        if (!call->payload || call->payload_len > max_payload_bytes)
            return false;
        sx_due_set_locked(call, 0);
        return true;
    default:
        return false;
    }
}

void sx_retry_lose(struct sx_exchange *exchange, enum sx_err err, const char *text,
                   size_t max_payload_bytes)
{
    struct soap_xmpp_call *call, *next;
    pthread_mutex_lock(&exchange->mu);
    for (call = TAILQ_FIRST(&exchange->order); call; call = next) {
        next = TAILQ_NEXT(call, in_order);
        exchange->steps++;
        if (!survives_locked(call, max_payload_bytes))
            sx_table_end_locked(call, err, text);
    }
    pthread_mutex_unlock(&exchange->mu);
}

int64_t sx_retry_due_us(struct sx_exchange *exchange)
{
    const struct sx_heap_entry *first;
    int64_t due_us;
    pthread_mutex_lock(&exchange->mu);
    first = sx_heap_first(&exchange->due);
    due_us = first ? first->at_us : SX_NEVER;
    pthread_mutex_unlock(&exchange->mu);
    return due_us;
}

static bool copy_locked(const struct soap_xmpp_call *call, struct sx_copy *copy)
{
    return sx_copy_init(copy, call->from, call->peer, call->id, call->payload, call->payload_len);
}

static bool take_locked(struct soap_xmpp_call *call, struct sx_copy *copy)
{
    if (call->kind == CALL_SHARED)
        return sx_shared_make_copy_locked(call, copy);
    if (!copy_locked(call, copy))
        return false;
    sx_table_set_sent_locked(call, call->sent + 1);
    return true;
}

bool sx_retry_take_due(struct sx_exchange *exchange, int64_t now_us, struct sx_copy *copy)
{
    struct soap_xmpp_call *call;
    bool is_taken = false;
    pthread_mutex_lock(&exchange->mu);
    call = sx_due_first_locked(exchange, now_us);
    if (call) {
        is_taken = take_locked(call, copy);
        exchange->ends.copies += is_taken;
        if (is_taken)
            SX_PROBE2(resend, call->id, call->sent);
        if (is_taken && call->phase == PHASE_LAST) {
            sx_table_set_phase_locked(call, PHASE_LAST_SENT);
            sx_due_set_locked(call, SX_NEVER);
        } else {
            sx_due_put_off_locked(call, now_us);
        }
    }
    pthread_mutex_unlock(&exchange->mu);
    return is_taken;
}

static void put_back_locked(struct soap_xmpp_call *call)
{
    sx_table_take_copy_back_locked(call);
    if (call->phase != PHASE_LAST_SENT)
        return;
    sx_table_set_phase_locked(call, PHASE_LAST);
    sx_due_set_locked(call, sx_clock_now_us() + call->interval_us);
}

void sx_retry_put_back(struct sx_exchange *exchange, const struct sx_copy *copy)
{
    struct soap_xmpp_call *call;
    pthread_mutex_lock(&exchange->mu);
    call = sx_table_find_locked(exchange, copy->id);
    /* A later copy to a shared JID has another id: it is nothing to be run. */
    if (call && sx_table_is_kept_locked(call) && call->sent > 0 && strcmp(call->id, copy->id) == 0)
        put_back_locked(call);
    pthread_mutex_unlock(&exchange->mu);
}

void sx_retry_note_post(struct sx_exchange *exchange, const char *id)
{
    struct soap_xmpp_call *call;
    pthread_mutex_lock(&exchange->mu);
    call = sx_table_find_locked(exchange, id);
    if (call && sx_table_is_kept_locked(call))
        call->posted_us = sx_clock_now_us();
    pthread_mutex_unlock(&exchange->mu);
}

bool sx_retry_await_read(struct sx_exchange *exchange, int64_t now_us, int64_t unread_us)
{
    struct soap_xmpp_call *call;
    pthread_mutex_lock(&exchange->mu);
    do
        call = sx_due_first_locked(exchange, now_us);
    while (call && sx_due_await_read_locked(call, now_us, unread_us));
    pthread_mutex_unlock(&exchange->mu);
    return call != NULL;
}

/* ---- calls that fall back ---- */

bool sx_retry_is_packed(struct sx_exchange *exchange, const char *peer, const char *id)
{
    const struct soap_xmpp_call *call;
    bool is_packed;
    pthread_mutex_lock(&exchange->mu);
    call = peer ? sx_table_find_locked(exchange, id) : NULL;
    is_packed = call && call->is_in_packed && sx_jid_equal(call->peer, peer);
    pthread_mutex_unlock(&exchange->mu);
    return is_packed;
}

bool sx_retry_take_packed(struct sx_exchange *exchange, const char *peer, struct sx_copy *copy)
{
    struct soap_xmpp_call *call;
    const struct sx_load *load;
    bool is_taken;
    pthread_mutex_lock(&exchange->mu);
    load = sx_load_find(&exchange->peers, peer);
    call = load ? TAILQ_FIRST(&load->list) : NULL;
    is_taken = call && copy_locked(call, copy);
    if (is_taken) {
        copy->number = call->number;
        sx_table_fall_back_locked(call);
    }
    pthread_mutex_unlock(&exchange->mu);
    return is_taken;
}

static void replace_locked(struct soap_xmpp_call *call, char *payload, size_t len, bool runs_once)
{
    sx_table_set_payload_locked(call, payload, len);
    sx_table_drop_hold_locked(call); /* its bytes are wanted no more */
    if (!runs_once)
        sx_table_set_phase_locked(call, PHASE_LAST);
    else if (call->phase == PHASE_HELD)
        sx_table_set_phase_locked(call, PHASE_SENT);
    /* Who runs what comes gets it once no other copy can have been run, if ever. */
    sx_due_set_locked(call, !runs_once && call->sent ? SX_NEVER : 0);
}

void sx_retry_replace(struct sx_exchange *exchange, const char *id, char *payload, size_t len,
                      bool runs_once, enum sx_err err, const char *text)
{
    struct soap_xmpp_call *call;
    pthread_mutex_lock(&exchange->mu);
    call = sx_table_find_locked(exchange, id);
    if (call && sx_table_is_kept_locked(call) && payload) {
        replace_locked(call, payload, len, runs_once);
        payload = NULL;
    } else if (call && sx_table_is_kept_locked(call)) {
        sx_table_end_locked(call, err, text);
    }
    pthread_mutex_unlock(&exchange->mu);
    free(payload);
}

static bool is_for_another_locked(const struct soap_xmpp_call *call, const char *incarnation)
{
    return call->kind == CALL_KEPT && call->sent == 0 && !sx_request_id_is_any(incarnation) &&
           strcmp(sx_request_id_tail(call->id), incarnation) != 0;
}

void sx_retry_renew(struct sx_exchange *exchange, const char *id, const char *incarnation)
{
    struct soap_xmpp_call *call;
    pthread_mutex_lock(&exchange->mu);
    call = sx_table_find_locked(exchange, id);
    if (call && sx_table_is_kept_locked(call) && is_for_another_locked(call, incarnation))
        (void)sx_due_renew_locked(call, incarnation);
    pthread_mutex_unlock(&exchange->mu);
}

/* ---- errors ---- */

static void note_bounce_locked(struct soap_xmpp_call *call, const struct sx_reply *reply)
{
    if (sx_reply_is_unrun(reply->condition))
        sx_table_take_copy_back_locked(call);
}

/* A bounce of a call of which one more copy goes out, or went. */
static bool decide_last_locked(struct soap_xmpp_call *call, const struct sx_reply *reply)
{
    bool has_others = call->sent > 1;
    note_bounce_locked(call, reply);
    if (call->phase == PHASE_LAST_SENT)
        return has_others;
    if (call->sent == 0)
        sx_due_set_locked(call, 0);
    return true;
}

/* Whether the peer refused such ids already before the first copy went out, so that it let in none.
 * It says how long it had refused them when it answered. We compare that with the time from the
 * first copy until now; the answer's way only makes that time longer. The margin is for clocks that
 * run unevenly. */
static bool was_never_accepted_locked(const struct soap_xmpp_call *call, int64_t since_ms)
{
    int64_t out_us = sx_clock_since_us(&call->first_sent);
    return since_ms * 1000 > out_us + out_us / DRIFT + MARGIN_US;
}

static bool decide_stale_locked(struct soap_xmpp_call *call, const struct sx_delivery *delivery)
{
    if (call->sent > 1 && was_never_accepted_locked(call, delivery->since_ms))
        sx_table_set_sent_locked(call, 0);
    return call->sent <= 1 && sx_due_renew_locked(call, delivery->stale_for);
}

static bool decide_locked(struct soap_xmpp_call *call, const struct sx_reply *reply)
{
    if (reply->delivery.stale_for[0])
        return decide_stale_locked(call, &reply->delivery);
    if (!sx_reply_is_bounce(reply))
        return false;
    if (is_last_locked(call))
        return decide_last_locked(call, reply);
    note_bounce_locked(call, reply);
    if (call->sent == 0)
        sx_due_await_return_locked(call);
    return true;
}

bool sx_retry_decide(struct sx_exchange *exchange, const char *from, const char *id,
                     struct sx_reply *reply)
{
    struct soap_xmpp_call *call;
    bool goes_on = false;
    if (reply->err != SX_ESTANZA)
        return false;
    pthread_mutex_lock(&exchange->mu);
    call = sx_table_find_locked(exchange, id);
    if (call && sx_table_is_kept_locked(call) && sx_table_is_from_peer_locked(call, from))
        goes_on = call->kind == CALL_SHARED ? sx_shared_decide_locked(call, id, reply)
                                            : decide_locked(call, reply);
    pthread_mutex_unlock(&exchange->mu);
    return goes_on;
}

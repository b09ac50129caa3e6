/* exchange.c - the calls under way: entered, found by id, ended once, given back.
 *
 * Invariant: a call is in the table (buckets, order, and timed if it has a deadline of its own)
 * exactly while it is CALL_UNDER_WAY, and end_locked() is the one way out. A call is in `done` only
 * while it is detached, ended and not yet returned by next_done. Calls in `timed` are sorted by
 * deadline, calls in `done` by the order in which they ended.
 *
 * Happy path: begin enters the call -> complete finds it by its id, compares the peer, ends it and
 *             wakes its one waiter -> wait moves the reply out -> release frees the call.
 * Failure modes: a reply from the wrong peer leaves the call alone; one that nobody waits for any
 *             more is counted and dropped; no memory for a reply ends its call with SX_ENOMEM.
 *
 * Nobody's thread is needed to expire detached calls: whoever enters the table (complete, begin
 * without room, next_done) first ends those whose deadline has passed, so the order of endings is
 * the order of time.
 */
#include "exchange/table.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/jid.h"
#include "base/clock.h"
#include "base/pages.h"
#include "base/hex.h"
#include "base/random.h"

/* ---- table ---- */

static bool draw_prefix(struct sx_exchange *exchange)
{
    struct {
        unsigned char prefix[PREFIX_RANDOM_BYTES];
        uint32_t number;
    } random;
    if (!sx_random_fill(&random, sizeof random))
        return false;
    sx_hex_format(random.prefix, PREFIX_RANDOM_BYTES, exchange->prefix);
    exchange->prefix[PREFIX_LEN - 1] = '-';
    exchange->prefix[PREFIX_LEN] = '\0';
    exchange->next_number = (uint64_t)random.number + 1; /* a number of 0 is none */
    return true;
}

static uint64_t choose_buckets(unsigned max_calls)
{
    uint64_t buckets = MIN_BUCKETS;
    while (buckets < MAX_BUCKETS && buckets * CALLS_PER_BUCKET < max_calls)
        buckets *= 2;
    return buckets;
}

static void free_buckets(struct sx_exchange *exchange)
{
    sx_pages_free(exchange->buckets, (exchange->bucket_mask + 1) * sizeof *exchange->buckets);
}

struct sx_exchange *sx_exchange_new(unsigned max_calls, void *owner)
{
    uint64_t buckets = choose_buckets(max_calls);
    struct sx_exchange *exchange = calloc(1, sizeof *exchange);

    if (!exchange)
        return NULL;
    exchange->owner = owner;
    exchange->max_calls = max_calls;
    exchange->bucket_mask = buckets - 1;
    exchange->buckets = sx_pages_new(buckets * sizeof *exchange->buckets);
    if (!exchange->buckets || !draw_prefix(exchange))
        goto err_after_buckets;
    if (pthread_mutex_init(&exchange->mu, NULL))
        goto err_after_buckets;
    if (sx_clock_cond_init(&exchange->room))
        goto err_after_mutex;
    if (sx_clock_cond_init(&exchange->done_grew))
        goto err_after_room;
    TAILQ_INIT(&exchange->order);
    TAILQ_INIT(&exchange->timed);
    TAILQ_INIT(&exchange->done);
    TAILQ_INIT(&exchange->kept);
    TAILQ_INIT(&exchange->held);
    return exchange;

err_after_room:
    pthread_cond_destroy(&exchange->room);
err_after_mutex:
    pthread_mutex_destroy(&exchange->mu);
err_after_buckets:
    free_buckets(exchange);
    free(exchange);
    return NULL;
}

static void own_jid_fini(struct own_jid *own)
{
    free(own->full);
    free(own->bare);
    free(own->domain);
}

void sx_exchange_free(struct sx_exchange *exchange)
{
    if (!exchange)
        return;
    sx_table_drop_found(exchange);
    assert(exchange->unreleased == 0);
    assert(exchange->counts.under_way == 0 && TAILQ_EMPTY(&exchange->done));
    pthread_cond_destroy(&exchange->done_grew);
    pthread_cond_destroy(&exchange->room);
    pthread_mutex_destroy(&exchange->mu);
    own_jid_fini(&exchange->own);
    free_buckets(exchange);
    free(exchange);
}

enum sx_err sx_exchange_set_own_jid(struct sx_exchange *exchange, const char *jid)
{
    char part[SX_JID_BYTES];
    struct own_jid own, old;

    own.full = strdup(jid);
    sx_jid_bare(jid, part, sizeof part);
    own.bare = strdup(part);
    sx_jid_domain(jid, part, sizeof part);
    own.domain = strdup(part);
    if (!own.full || !own.bare || !own.domain) {
        own_jid_fini(&own);
        return SX_ENOMEM;
    }
    pthread_mutex_lock(&exchange->mu);
    old = exchange->own;
    exchange->own = own;
    pthread_mutex_unlock(&exchange->mu);
    own_jid_fini(&old);
    return SX_OK;
}

/* Numbers are ours and consecutive, so that no peer can make buckets long. */
struct bucket *sx_table_bucket(struct sx_exchange *exchange, uint64_t number)
{
    return &exchange->buckets[number & exchange->bucket_mask];
}

static bool has_prefix(const struct sx_exchange *exchange, const char *id)
{
    return id && strncmp(id, exchange->prefix, PREFIX_LEN) == 0;
}

bool sx_exchange_expects(struct sx_exchange *exchange, const char *from, const char *id)
{
    const struct soap_xmpp_call *call;
    bool expects;

    pthread_mutex_lock(&exchange->mu);
    call = sx_table_find_locked(exchange, id);
    expects = call && sx_table_is_from_peer_locked(call, from);
    pthread_mutex_unlock(&exchange->mu);
    return expects;
}

bool sx_exchange_gave_out(const struct sx_exchange *exchange, const char *id)
{
    return has_prefix(exchange, id);
}

struct soap_xmpp_call *sx_table_find_locked(struct sx_exchange *exchange, const char *id)
{
    struct soap_xmpp_call *call;

    if (!has_prefix(exchange, id))
        return NULL;
    call = LIST_FIRST(sx_table_bucket(exchange, sx_table_number(id)));
    while (call && strcmp(call->mail ? call->mail : call->id, id) != 0 &&
           !sx_dealt_is_again_locked(call, id))
        call = LIST_NEXT(call, in_bucket);
    return call;
}

static bool is_ours_locked(const struct sx_exchange *exchange, const char *jid)
{
    return sx_jid_equal(jid, exchange->own.bare) || sx_jid_equal(jid, exchange->own.full) ||
           sx_jid_equal(jid, exchange->own.domain);
}

/* RFC 6120 8.1.2.1: what comes without `from` comes from our account, and servers answer for the
 * account, for its connected resource and for themselves under any of these names. */
bool sx_table_is_from_peer_locked(const struct soap_xmpp_call *call, const char *from)
{
    if (call->mail)
        return sx_table_is_from_account(call, from);
    if (!from)
        return !*call->peer || is_ours_locked(call->exchange, call->peer);
    if (!*call->peer)
        return is_ours_locked(call->exchange, from);
    return sx_jid_equal(from, call->peer);
}

/* ---- endings ---- */

/* Almost always at the tail: a call that was detached before its reply came ends after all those
 * that are there. */
void sx_table_add_done_locked(struct soap_xmpp_call *call)
{
    struct sx_exchange *exchange = call->exchange;
    struct soap_xmpp_call *before = TAILQ_LAST(&exchange->done, call_list);

    while (before && before->ended_number > call->ended_number)
        before = TAILQ_PREV(before, call_list, in_done);
    if (before)
        TAILQ_INSERT_AFTER(&exchange->done, before, call, in_done);
    else
        TAILQ_INSERT_HEAD(&exchange->done, call, in_done);
    pthread_cond_signal(&exchange->done_grew);
}

static void leave_detached_under_way_locked(struct sx_exchange *exchange)
{
    /* those who find nothing must not wait for what can't come */
    if (--exchange->detached_under_way == 0)
        pthread_cond_broadcast(&exchange->done_grew);
}

static void untime_locked(struct soap_xmpp_call *call)
{
    if (call->deadline != SX_NEVER)
        TAILQ_REMOVE(&call->exchange->timed, call, in_timed);
}

/* The one way out of CALL_UNDER_WAY. Takes reply (NULL: err tells all). */
static void end_locked(struct soap_xmpp_call *call, enum sx_err err, struct sx_reply *reply)
{
    struct sx_exchange *exchange = call->exchange;

    assert(call->state == CALL_UNDER_WAY);
    LIST_REMOVE(call, in_bucket);
    TAILQ_REMOVE(&exchange->order, call, in_order);
    untime_locked(call);
    if (call->payload)
        TAILQ_REMOVE(&exchange->kept, call, in_kept);
    if (call->holds)
        TAILQ_REMOVE(&exchange->held, call, in_held);
    free(call->payload);
    call->payload = NULL;
    sx_table_uncount_locked(call);
    exchange->counts.under_way--;
    call->state = CALL_ENDED;
    call->err = err;
    call->reply = reply;
    call->ended_number = exchange->endings++;
    if (call->waiter)
        pthread_cond_signal(call->waiter);
    if (call->detached) {
        sx_table_add_done_locked(call);
        leave_detached_under_way_locked(exchange);
    }
    pthread_cond_signal(&exchange->room);
}

void sx_table_end_locked(struct soap_xmpp_call *call, enum sx_err err, const char *text)
{
    end_locked(call, err, sx_reply_failure(err, text));
}

void sx_table_answer_locked(struct soap_xmpp_call *call, struct sx_reply *reply)
{
    call->exchange->counts.completed++;
    end_locked(call, reply->err, reply);
}

static void expire_locked(struct soap_xmpp_call *call)
{
    call->exchange->counts.timed_out++;
    end_locked(call, SX_ETIMEOUT, NULL);
}

static void expire_due_locked(struct sx_exchange *exchange)
{
    struct soap_xmpp_call *call = TAILQ_FIRST(&exchange->timed);
    int64_t now_us = call ? sx_clock_now_us() : 0;

    while (call && call->deadline <= now_us) {
        expire_locked(call);
        call = TAILQ_FIRST(&exchange->timed);
    }
}

/* Waits for cond, or until there is something to expire; false once the deadline has passed. */
static bool wait_locked(struct sx_exchange *exchange, pthread_cond_t *cond, int64_t deadline)
{
    const struct soap_xmpp_call *first = TAILQ_FIRST(&exchange->timed);
    int64_t until = first && first->deadline < deadline ? first->deadline : deadline;

    return sx_clock_cond_wait(cond, &exchange->mu, until) || until != deadline;
}

bool sx_exchange_complete(struct sx_exchange *exchange, const char *from, const char *id,
                          struct sx_reply *reply)
{
    enum sx_err err = reply->err;
    struct sx_reply *kept = sx_reply_keep(reply);
    struct soap_xmpp_call *call;
    bool fits;

    pthread_mutex_lock(&exchange->mu);
    expire_due_locked(exchange);
    call = sx_table_find_locked(exchange, id);
    fits = call && sx_table_is_from_peer_locked(call, from);
    if (fits) {
        exchange->counts.completed++;
        end_locked(call, kept ? err : SX_ENOMEM, kept);
        kept = NULL;
    } else if (call || !has_prefix(exchange, id)) {
        exchange->counts.foreign++;
    } else {
        exchange->counts.late++;
    }
    pthread_mutex_unlock(&exchange->mu);
    sx_reply_free(kept);
    return fits;
}

static void fail_all_locked(struct sx_exchange *exchange, enum sx_err err, const char *text)
{
    struct soap_xmpp_call *call;
    while ((call = TAILQ_FIRST(&exchange->order)) != NULL)
        end_locked(call, err, sx_reply_failure(err, text));
}

void sx_exchange_fail_all(struct sx_exchange *exchange, enum sx_err err, const char *text)
{
    pthread_mutex_lock(&exchange->mu);
    expire_due_locked(exchange);
    fail_all_locked(exchange, err, text);
    pthread_mutex_unlock(&exchange->mu);
}

void sx_exchange_stop(struct sx_exchange *exchange, enum sx_err err, const char *text)
{
    pthread_mutex_lock(&exchange->mu);
    exchange->stopped = true;
    expire_due_locked(exchange);
    fail_all_locked(exchange, err, text);
    pthread_cond_broadcast(&exchange->room);
    pthread_cond_broadcast(&exchange->done_grew);
    pthread_mutex_unlock(&exchange->mu);
}

/* ---- a call's own life ---- */

struct soap_xmpp_call *sx_table_make(struct sx_exchange *exchange, const char *peer,
                                     const char *operation)
{
    size_t peer_bytes = strlen(peer) + 1, operation_bytes = strlen(operation) + 1;
    struct soap_xmpp_call *call = calloc(1, sizeof *call + peer_bytes + operation_bytes);

    if (!call)
        return NULL;
    call->peer = memcpy(call->text, peer, peer_bytes);
    call->operation = memcpy(call->text + peer_bytes, operation, operation_bytes);
    call->exchange = exchange;
    call->deadline = SX_NEVER;
    call->sent = 1;
    return call;
}

static enum sx_err await_room_locked(struct sx_exchange *exchange, int64_t deadline)
{
    bool over = false;

    while (!exchange->stopped) {
        if (exchange->counts.under_way >= exchange->max_calls)
            expire_due_locked(exchange);
        if (exchange->counts.under_way < exchange->max_calls)
            return SX_OK;
        if (over)
            return SX_EROOM;
        over = !wait_locked(exchange, &exchange->room, deadline);
    }
    return SX_ESTOPPED;
}

static void name_locked(struct soap_xmpp_call *call, const char *incarnation)
{
    struct sx_exchange *exchange = call->exchange;
    uint64_t number = exchange->next_number++;
    char *end;

    if (!call->number)
        call->number = number;
    memcpy(call->id, exchange->prefix, PREFIX_LEN);
    end = sx_hex_format_number(number, call->id + PREFIX_LEN);
    *end = '\0';
    sx_dealt_begin_locked(call, incarnation);
    if (incarnation)
        snprintf(end, sizeof call->id - (size_t)(end - call->id), "%s%s", SX_REQUEST_ID_MARK,
                 incarnation);
    LIST_INSERT_HEAD(sx_table_bucket(exchange, number), call, in_bucket);
}

void sx_table_rename_locked(struct soap_xmpp_call *call, const char *incarnation)
{
    LIST_REMOVE(call, in_bucket);
    name_locked(call, incarnation);
}

static void enter_locked(struct soap_xmpp_call *call)
{
    struct sx_exchange *exchange = call->exchange;

    call->begun_us = sx_clock_now_us();
    name_locked(call, NULL);
    TAILQ_INSERT_TAIL(&exchange->order, call, in_order);
    exchange->counts.under_way++;
    exchange->unreleased++;
}

enum sx_err sx_exchange_begin(struct sx_exchange *exchange, const char *peer, const char *operation,
                              int64_t room_deadline, struct soap_xmpp_call **call)
{
    struct soap_xmpp_call *entered =
        sx_table_make(exchange, peer ? peer : "", operation ? operation : "");
    enum sx_err err;

    if (!entered)
        return SX_ENOMEM;
    pthread_mutex_lock(&exchange->mu);
    err = await_room_locked(exchange, room_deadline);
    if (err == SX_OK)
        enter_locked(entered);
    pthread_mutex_unlock(&exchange->mu);
    if (err != SX_OK) {
        free(entered);
        return err;
    }
    *call = entered;
    return SX_OK;
}

const char *sx_exchange_id(const struct soap_xmpp_call *call)
{
    return call->mail ? call->mail : call->id;
}

const char *sx_exchange_peer(const struct soap_xmpp_call *call)
{
    const char *peer;
    pthread_mutex_lock(&call->exchange->mu);
    peer = call->peer;
    pthread_mutex_unlock(&call->exchange->mu);
    return peer;
}

const char *sx_exchange_operation(const struct soap_xmpp_call *call)
{
    return call->operation;
}

struct sx_exchange *sx_exchange_of(const struct soap_xmpp_call *call)
{
    return call->exchange;
}

void *sx_exchange_owner(const struct soap_xmpp_call *call)
{
    return call->exchange->owner;
}

int64_t sx_exchange_begun_us(const struct soap_xmpp_call *call)
{
    return call->begun_us;
}

/* The condition lives here and not in the call: one per waiting thread, not one per call, and each
 * ending wakes just the thread it concerns. It is only signalled under mu, so it can't be gone. */
static void await_end_locked(struct soap_xmpp_call *call, int64_t deadline, bool until_received)
{
    struct sx_exchange *exchange = call->exchange;
    int64_t until = call->deadline < deadline ? call->deadline : deadline;
    pthread_cond_t ended;

    if (sx_clock_cond_init(&ended)) {
        end_locked(call, SX_ENOMEM, NULL);
        return;
    }
    call->waiter = &ended;
    while (call->state == CALL_UNDER_WAY && !(until_received && call->is_received)) {
        bool in_time = sx_clock_cond_wait(&ended, &exchange->mu, until);
        if (!in_time && call->state == CALL_UNDER_WAY)
            expire_locked(call);
    }
    call->waiter = NULL;
    pthread_cond_destroy(&ended);
}

struct sx_reply *sx_table_await_locked(struct soap_xmpp_call *call, int64_t deadline,
                                       bool until_received, enum sx_err *err)
{
    struct sx_reply *reply;

    assert(!call->waiter);
    if (call->state == CALL_UNDER_WAY)
        await_end_locked(call, deadline, until_received);
    reply = call->reply;
    call->reply = NULL;
    *err = call->err;
    return reply;
}

void sx_exchange_wait(struct soap_xmpp_call *call, int64_t deadline, struct sx_reply *reply)
{
    struct sx_reply *kept;
    enum sx_err err;

    pthread_mutex_lock(&call->exchange->mu);
    kept = sx_table_await_locked(call, deadline, false, &err);
    pthread_mutex_unlock(&call->exchange->mu);
    if (kept)
        *reply = *kept;
    else
        memset(reply, 0, sizeof *reply);
    reply->err = err;
    free(kept);
}

/* ---- detached calls ---- */

static void attach_locked(struct soap_xmpp_call *call)
{
    if (!call->detached)
        return;
    call->detached = false;
    if (call->state == CALL_UNDER_WAY)
        leave_detached_under_way_locked(call->exchange);
    else
        TAILQ_REMOVE(&call->exchange->done, call, in_done);
}

void sx_exchange_release(struct soap_xmpp_call *call)
{
    struct sx_exchange *exchange;

    if (!call)
        return;
    exchange = call->exchange;
    pthread_mutex_lock(&exchange->mu);
    assert(!call->waiter);
    attach_locked(call);
    if (call->state == CALL_UNDER_WAY)
        end_locked(call, SX_ESTOPPED, NULL);
    exchange->unreleased--;
    pthread_mutex_unlock(&exchange->mu);
    sx_reply_free(call->reply);
    sx_table_forget_peers(call);
    free(call->mail);
    free(call->name);
    free(call);
}

/* Timeouts are mostly equal, so that the place is mostly the tail. */
static void time_locked(struct soap_xmpp_call *call, int64_t deadline)
{
    struct sx_exchange *exchange = call->exchange;
    struct soap_xmpp_call *before = TAILQ_LAST(&exchange->timed, call_list);

    call->deadline = deadline;
    if (deadline == SX_NEVER)
        return;
    while (before && before->deadline > deadline)
        before = TAILQ_PREV(before, call_list, in_timed);
    if (before) {
        TAILQ_INSERT_AFTER(&exchange->timed, before, call, in_timed);
        return;
    }
    TAILQ_INSERT_HEAD(&exchange->timed, call, in_timed);
    /* who waits for something to expire has to wake up earlier now */
    pthread_cond_broadcast(&exchange->done_grew);
    pthread_cond_broadcast(&exchange->room);
}

void sx_exchange_detach(struct soap_xmpp_call *call, int64_t deadline, void *user)
{
    struct sx_exchange *exchange = call->exchange;

    pthread_mutex_lock(&exchange->mu);
    attach_locked(call);
    call->user = user;
    call->detached = true;
    if (call->state == CALL_UNDER_WAY) {
        untime_locked(call);
        exchange->detached_under_way++;
        time_locked(call, deadline);
    } else {
        sx_table_add_done_locked(call);
    }
    /* another thread may free the call from here on */
    pthread_mutex_unlock(&exchange->mu);
}

void *sx_exchange_user(const struct soap_xmpp_call *call)
{
    return call->user;
}

void sx_exchange_attach(struct soap_xmpp_call *call)
{
    struct sx_exchange *exchange = call->exchange;

    pthread_mutex_lock(&exchange->mu);
    attach_locked(call);
    pthread_mutex_unlock(&exchange->mu);
}

struct soap_xmpp_call *sx_exchange_next_done(struct sx_exchange *exchange, int64_t deadline)
{
    struct soap_xmpp_call *call;
    bool over = false;

    pthread_mutex_lock(&exchange->mu);
    for (;;) {
        expire_due_locked(exchange);
        call = TAILQ_FIRST(&exchange->done);
        if (call || over || exchange->stopped ||
            (exchange->detached_under_way == 0 && !exchange->awaits_found))
            break;
        over = !wait_locked(exchange, &exchange->done_grew, deadline);
    }
    if (call) {
        attach_locked(call); /* each once */
        sx_table_take_found_locked(call);
    }
    pthread_mutex_unlock(&exchange->mu);
    return call;
}

void sx_exchange_count(struct sx_exchange *exchange, struct sx_exchange_counts *counts)
{
    pthread_mutex_lock(&exchange->mu);
    *counts = exchange->counts;
    pthread_mutex_unlock(&exchange->mu);
}

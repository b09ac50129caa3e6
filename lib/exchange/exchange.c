/* exchange.c - the calls under way on a link: begun, completed once, waited for, given back.
 *
 * Invariant: what table.h says of a call. Each function here takes the mutex once, and calls
 * nothing outside of exchange/ with it held but the clock and the allocator.
 *
 * Happy path: begin enters the call -> complete finds it by its id, compares the peer, ends it and
 *             wakes its one waiter -> wait moves the reply out -> release frees the call.
 * Failure modes: a reply from the wrong peer leaves the call alone; one that nobody waits for any
 *             more is counted and dropped; no memory for a reply ends its call with SX_ENOMEM.
 *
 * Modelled in tests/model: iq.pml, message.pml, shared.pml.
 */
#include "exchange/exchange.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/pages.h"
#include "base/random.h"
#include "exchange/deadline.h"
#include "exchange/message_call.h"
#include "exchange/table.h"

enum { CALLS_PER_BUCKET = 4, MIN_BUCKETS = 16, MAX_BUCKETS = 1 << 16 };

_Static_assert((int)ID_BYTES <= (int)SX_EXCHANGE_ID_BYTES, "ids fit");

/* ---- the exchange itself ---- */

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

static size_t buckets_bytes(const struct sx_exchange *exchange)
{
    return (exchange->bucket_mask + 1) * sizeof(struct bucket);
}

static bool make_buckets(struct sx_exchange *exchange)
{
    uint64_t buckets = MIN_BUCKETS;
    while (buckets < MAX_BUCKETS && buckets * CALLS_PER_BUCKET < exchange->max_calls)
        buckets *= 2;
    exchange->bucket_mask = buckets - 1;
    exchange->buckets = sx_pages_new(buckets_bytes(exchange));
    exchange->holds = sx_pages_new(buckets_bytes(exchange));
    return exchange->buckets && exchange->holds;
}

static bool make_memory(struct sx_exchange *exchange)
{
    return make_buckets(exchange) && sx_heap_init(&exchange->timed, exchange->max_calls) &&
           sx_heap_init(&exchange->due, exchange->max_calls);
}

static void free_memory(struct sx_exchange *exchange)
{
    sx_heap_fini(&exchange->due);
    sx_heap_fini(&exchange->timed);
    sx_pages_free(exchange->holds, buckets_bytes(exchange));
    sx_pages_free(exchange->buckets, buckets_bytes(exchange));
    free(exchange);
}

struct sx_exchange *sx_exchange_new(unsigned max_calls, void *owner)
{
    struct sx_exchange *exchange = calloc(1, sizeof *exchange);
    int wait;
    if (!exchange)
        return NULL;
    exchange->owner = owner;
    exchange->max_calls = max_calls;
    TAILQ_INIT(&exchange->order);
    TAILQ_INIT(&exchange->done);
    for (wait = 0; wait < WAITS; wait++)
        TAILQ_INIT(&exchange->waits[wait]);
    if (!make_memory(exchange) || !draw_prefix(exchange))
        goto err_after_memory;
    if (pthread_mutex_init(&exchange->mu, NULL))
        goto err_after_memory;
    if (sx_clock_cond_init(&exchange->room))
        goto err_after_mutex;
    if (sx_clock_cond_init(&exchange->done_grew))
        goto err_after_room;
    return exchange;

err_after_room:
    pthread_cond_destroy(&exchange->room);
err_after_mutex:
    pthread_mutex_destroy(&exchange->mu);
err_after_memory:
    free_memory(exchange);
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
    sx_message_call_drop_all(exchange);
    assert(exchange->unreleased == 0);
    assert(exchange->under_way == 0 && TAILQ_EMPTY(&exchange->done));
    pthread_cond_destroy(&exchange->done_grew);
    pthread_cond_destroy(&exchange->room);
    pthread_mutex_destroy(&exchange->mu);
    own_jid_fini(&exchange->own);
    free_memory(exchange);
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

void sx_exchange_count(struct sx_exchange *exchange, struct sx_exchange_counts *counts)
{
    pthread_mutex_lock(&exchange->mu);
    *counts = (struct sx_exchange_counts){
        .under_way = exchange->under_way,
        .questions = exchange->questions,
        .completed = exchange->completed,
        .timed_out = exchange->timed_out,
        .late = exchange->late,
        .foreign = exchange->foreign,
        .steps = exchange->steps + exchange->timed.steps + exchange->due.steps +
                 exchange->peers.steps + exchange->mail.steps + exchange->resources.steps +
                 exchange->accounts.steps + exchange->awaited[WAIT_PEER].steps +
                 exchange->awaited[WAIT_PRESENCE].steps,
    };
    pthread_mutex_unlock(&exchange->mu);
}

void sx_exchange_ends(struct sx_exchange *exchange, struct sx_ends *ends)
{
    pthread_mutex_lock(&exchange->mu);
    *ends = exchange->ends;
    pthread_mutex_unlock(&exchange->mu);
}

/* ---- a call ---- */

static enum sx_err await_room_locked(struct sx_exchange *exchange, int64_t deadline)
{
    bool over = false;

    while (!exchange->stopped) {
        if (exchange->under_way >= exchange->max_calls)
            sx_deadline_expire_locked(exchange);
        if (exchange->under_way < exchange->max_calls)
            return SX_OK;
        if (over)
            return SX_EROOM;
        over = !sx_deadline_wait_locked(exchange, &exchange->room, deadline);
    }
    return SX_ESTOPPED;
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
    if (err == SX_OK && !sx_table_enter_locked(entered))
        err = SX_ENOMEM;
    pthread_mutex_unlock(&exchange->mu);
    if (err != SX_OK) {
        sx_table_free(entered);
        return err;
    }
    *call = entered;
    return SX_OK;
}

void sx_exchange_make_id(struct sx_exchange *exchange, char id[SX_EXCHANGE_ID_BYTES])
{
    pthread_mutex_lock(&exchange->mu);
    (void)sx_table_make_id_locked(exchange, id);
    pthread_mutex_unlock(&exchange->mu);
}

const char *sx_exchange_id(const struct soap_xmpp_call *call)
{
    return call->message_id ? call->message_id : call->id;
}

void sx_exchange_copy_id(const struct soap_xmpp_call *call, char id[SX_EXCHANGE_ID_BYTES])
{
    pthread_mutex_lock(&call->exchange->mu);
    assert(!call->message_id);
    snprintf(id, SX_EXCHANGE_ID_BYTES, "%s", call->id);
    pthread_mutex_unlock(&call->exchange->mu);
}

const char *sx_exchange_peer(const struct soap_xmpp_call *call)
{
    return call->peer;
}

const char *sx_exchange_operation(const struct soap_xmpp_call *call)
{
    return call->operation;
}

uint64_t sx_exchange_number(const struct soap_xmpp_call *call)
{
    return call->number;
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

void sx_exchange_wait(struct soap_xmpp_call *call, int64_t deadline, struct sx_reply *reply)
{
    pthread_mutex_lock(&call->exchange->mu);
    sx_deadline_await_locked(call, deadline, false, reply);
    pthread_mutex_unlock(&call->exchange->mu);
}

bool sx_exchange_may_have_run(const struct soap_xmpp_call *call, const struct sx_reply *reply)
{
    bool may_have_run;
    pthread_mutex_lock(&call->exchange->mu);
    may_have_run = sx_table_may_have_run_locked(call, reply->err, reply);
    pthread_mutex_unlock(&call->exchange->mu);
    return may_have_run;
}

void sx_exchange_release(struct soap_xmpp_call *call)
{
    struct sx_exchange *exchange;

    if (!call)
        return;
    exchange = call->exchange;
    pthread_mutex_lock(&exchange->mu);
    assert(!call->waiter);
    sx_table_attach_locked(call);
    call->is_cancelled = true;
    if (sx_table_is_under_way_locked(call))
        sx_table_end_locked(call, SX_ESTOPPED, NULL);
    exchange->unreleased--;
    pthread_mutex_unlock(&exchange->mu);
    sx_table_free(call);
}

/* ---- what arrives, and what ends all calls ---- */

bool sx_exchange_complete(struct sx_exchange *exchange, const char *from, const char *id,
                          struct sx_reply *reply)
{
    enum sx_err err = reply->err;
    struct sx_reply *kept = sx_reply_keep(reply);
    struct soap_xmpp_call *call;
    bool fits;

    pthread_mutex_lock(&exchange->mu);
    sx_deadline_expire_locked(exchange);
    call = sx_table_find_locked(exchange, id);
    fits = call && sx_table_is_from_peer_locked(call, from);
    if (fits) {
        sx_table_answer_locked(call, kept ? err : SX_ENOMEM, kept);
        kept = NULL;
    } else if (call || !sx_table_gave_out(exchange, id)) {
        exchange->foreign++;
    } else {
        exchange->late++;
    }
    pthread_mutex_unlock(&exchange->mu);
    sx_reply_free(kept);
    return fits;
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

bool sx_exchange_is_for(struct sx_exchange *exchange, const char *id, const char *to)
{
    const struct soap_xmpp_call *call;
    bool is_for;

    pthread_mutex_lock(&exchange->mu);
    call = sx_table_find_locked(exchange, id);
    is_for = !call || !call->from || sx_jid_equal(call->from, to);
    pthread_mutex_unlock(&exchange->mu);
    return is_for;
}

bool sx_exchange_awaits(struct sx_exchange *exchange, const char *peer)
{
    bool awaits;
    pthread_mutex_lock(&exchange->mu);
    awaits = sx_table_awaits_locked(exchange, peer);
    pthread_mutex_unlock(&exchange->mu);
    return awaits;
}

bool sx_exchange_gave_out(const struct sx_exchange *exchange, const char *id)
{
    return sx_table_gave_out(exchange, id);
}

static void fail_all_locked(struct sx_exchange *exchange, enum sx_err err, const char *text)
{
    struct soap_xmpp_call *call;
    while ((call = TAILQ_FIRST(&exchange->order)) != NULL)
        sx_table_end_locked(call, err, text);
}

void sx_exchange_fail_all(struct sx_exchange *exchange, enum sx_err err, const char *text)
{
    pthread_mutex_lock(&exchange->mu);
    sx_deadline_expire_locked(exchange);
    fail_all_locked(exchange, err, text);
    pthread_mutex_unlock(&exchange->mu);
}

void sx_exchange_stop(struct sx_exchange *exchange, enum sx_err err, const char *text)
{
    pthread_mutex_lock(&exchange->mu);
    exchange->stopped = true;
    sx_deadline_expire_locked(exchange);
    fail_all_locked(exchange, err, text);
    pthread_cond_broadcast(&exchange->room);
    pthread_cond_broadcast(&exchange->done_grew);
    pthread_mutex_unlock(&exchange->mu);
}

/* ---- what the program is told ---- */

struct sx_reply *sx_exchange_reply(const struct soap_xmpp_call *call)
{
    return call->reply;
}

enum sx_err sx_exchange_err(const struct soap_xmpp_call *call)
{
    return call->err;
}

int64_t sx_exchange_timeout_us(const struct soap_xmpp_call *call)
{
    return call->timeout_us;
}

void sx_exchange_set_ending(struct soap_xmpp_call *call, void *ending,
                            void (*free_ending)(void *ending))
{
    call->ending = ending;
    call->free_ending = free_ending;
}

void *sx_exchange_ending(const struct soap_xmpp_call *call)
{
    return call->ending;
}

/* ---- detached calls ---- */

void sx_exchange_detach(struct soap_xmpp_call *call, int64_t deadline, void *user)
{
    struct sx_exchange *exchange = call->exchange;

    pthread_mutex_lock(&exchange->mu);
    sx_table_attach_locked(call);
    call->user = user;
    call->is_detached = true;
    if (sx_table_is_under_way_locked(call)) {
        exchange->detached_under_way++;
        sx_deadline_set_locked(call, deadline);
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
    sx_table_attach_locked(call);
    pthread_mutex_unlock(&exchange->mu);
}

struct soap_xmpp_call *sx_exchange_next_done(struct sx_exchange *exchange, int64_t deadline)
{
    struct soap_xmpp_call *call;
    bool over = false;

    pthread_mutex_lock(&exchange->mu);
    for (;;) {
        sx_deadline_expire_locked(exchange);
        call = TAILQ_FIRST(&exchange->done);
        if (call || over || exchange->stopped ||
            (exchange->detached_under_way == 0 && !exchange->awaits_found))
            break;
        over = !sx_deadline_wait_locked(exchange, &exchange->done_grew, deadline);
    }
    if (call) {
        sx_table_attach_locked(call); /* each once */
        sx_message_call_take_locked(call);
    }
    pthread_mutex_unlock(&exchange->mu);
    return call;
}

void sx_exchange_expire(struct sx_exchange *exchange)
{
    pthread_mutex_lock(&exchange->mu);
    sx_deadline_expire_locked(exchange);
    pthread_mutex_unlock(&exchange->mu);
}

void sx_exchange_join(struct sx_exchange *exchange, struct sx_readiness *readiness)
{
    pthread_mutex_lock(&exchange->mu);
    sx_deadline_join_locked(exchange, readiness);
    pthread_mutex_unlock(&exchange->mu);
}

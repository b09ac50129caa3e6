/* Detached calls of the exchange table: returned once each, in the order they ended; and a crowd of
 * threads on one table. */
#include "../../lib/suite.h"
#include "../../lib/waiting.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "exchange/exchange.h"

#define PEER "calc@example.org/soap"

enum { MANY = 1000, ID_ROOM = 128 };

static const int64_t PAST = 1; /* microseconds after boot */

/* For what is expected to end earlier by something else. */
static int64_t distant(void)
{
    return sx_clock_deadline(30 * INT64_C(1000000));
}

static int64_t soon(void)
{
    return sx_clock_deadline(20 * 1000);
}

static struct soap_xmpp_call *begin(struct sx_exchange *exchange, const char *peer)
{
    struct soap_xmpp_call *call = NULL;
    CU_ASSERT_EQUAL_FATAL(sx_exchange_begin(exchange, peer, "add", PAST, &call), SX_OK);
    return call;
}

static bool complete(struct sx_exchange *exchange, const char *from, const char *id)
{
    struct sx_reply reply = {0};
    reply.envelope.bytes = strdup("<Envelope/>");
    reply.envelope.len = strlen("<Envelope/>");
    return sx_exchange_complete(exchange, from, id, &reply);
}

/* What the call ends with. */
static enum sx_err ending(struct soap_xmpp_call *call)
{
    struct sx_reply reply;
    enum sx_err err;

    sx_exchange_wait(call, distant(), &reply);
    err = reply.err;
    sx_reply_fini(&reply);
    return err;
}

static struct sx_exchange_counts count(struct sx_exchange *exchange)
{
    struct sx_exchange_counts counts;
    sx_exchange_count(exchange, &counts);
    return counts;
}

static pthread_t start(void *(*run)(void *), void *argument)
{
    pthread_t thread;
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, run, argument), 0);
    return thread;
}

static void shuffle(int *items, int number)
{
    unsigned seed = 20120;
    int i;

    for (i = 0; i < number; i++)
        items[i] = i;
    for (i = number - 1; i > 0; i--) {
        int other = rand_r(&seed) % (i + 1), item = items[i];
        items[i] = items[other];
        items[other] = item;
    }
}

/* ---- detached ---- */

static void test_order_of_completion(void)
{
    struct sx_exchange *exchange = sx_exchange_new(MANY, NULL);
    static struct soap_xmpp_call *calls[MANY];
    static int order[MANY];
    int i;

    for (i = 0; i < MANY; i++) {
        calls[i] = begin(exchange, PEER);
        sx_exchange_detach(calls[i], distant(), &calls[i]);
    }
    shuffle(order, MANY);
    for (i = 0; i < MANY; i++)
        CU_ASSERT_TRUE(complete(exchange, PEER, sx_exchange_id(calls[order[i]])));
    for (i = 0; i < MANY; i++) {
        struct soap_xmpp_call *call = sx_exchange_next_done(exchange, PAST);
        CU_ASSERT_PTR_EQUAL_FATAL(call, calls[order[i]]);
        CU_ASSERT_PTR_EQUAL(sx_exchange_user(call), &calls[order[i]]);
        CU_ASSERT_EQUAL(ending(call), SX_OK);
        sx_exchange_release(call);
    }
    CU_ASSERT_PTR_NULL(sx_exchange_next_done(exchange, distant()));
    sx_exchange_free(exchange);
}

static void test_order_of_deadlines(void)
{
    struct sx_exchange *exchange = sx_exchange_new(MANY, NULL);
    static struct soap_xmpp_call *calls[MANY];
    static int order[MANY];
    int i;

    for (i = 0; i < MANY; i++)
        calls[i] = begin(exchange, PEER);
    shuffle(order, MANY);
    for (i = 0; i < MANY; i++)
        sx_exchange_detach(calls[order[i]], PAST + order[i], NULL);
    for (i = 0; i < MANY; i++) {
        struct soap_xmpp_call *call = sx_exchange_next_done(exchange, distant());
        CU_ASSERT_PTR_EQUAL_FATAL(call, calls[i]);
        CU_ASSERT_EQUAL(ending(call), SX_ETIMEOUT);
        sx_exchange_release(call);
    }
    CU_ASSERT_EQUAL(count(exchange).timed_out, MANY);
    sx_exchange_free(exchange);
}

static void test_order_of_disconnect(void)
{
    struct sx_exchange *exchange = sx_exchange_new(100, NULL);
    struct soap_xmpp_call *calls[100];
    int i;

    for (i = 0; i < 100; i++) {
        calls[i] = begin(exchange, PEER);
        sx_exchange_detach(calls[i], SX_NEVER, NULL);
    }
    sx_exchange_fail_all(exchange, SX_ELOST, "the connection broke");
    for (i = 0; i < 100; i++) {
        CU_ASSERT_PTR_EQUAL(sx_exchange_next_done(exchange, distant()), calls[i]);
        CU_ASSERT_EQUAL(ending(calls[i]), SX_ELOST);
        sx_exchange_release(calls[i]);
    }
    sx_exchange_free(exchange);
}

static void test_next_done_expires(void)
{
    struct sx_exchange *exchange = sx_exchange_new(10, NULL);
    struct soap_xmpp_call *slow = begin(exchange, PEER), *fast = begin(exchange, PEER);
    int64_t deadline = soon();

    sx_exchange_detach(slow, distant(), NULL);
    sx_exchange_detach(fast, deadline, NULL);
    CU_ASSERT_PTR_EQUAL(sx_exchange_next_done(exchange, distant()), fast);
    CU_ASSERT_TRUE(sx_clock_now_us() >= deadline);
    CU_ASSERT_EQUAL(ending(fast), SX_ETIMEOUT);
    deadline = soon();
    CU_ASSERT_PTR_NULL(sx_exchange_next_done(exchange, deadline));
    CU_ASSERT_TRUE(sx_clock_now_us() >= deadline);
    CU_ASSERT_EQUAL(count(exchange).under_way, 1);
    sx_exchange_release(slow);
    sx_exchange_release(fast);
    sx_exchange_free(exchange);
}

static void *await_done(void *argument)
{
    return sx_exchange_next_done(argument, distant());
}

static void test_next_done_wakes(void)
{
    int i;

    for (i = 0; i < 10; i++) {
        struct sx_exchange *exchange = sx_exchange_new(10, NULL);
        struct soap_xmpp_call *call = begin(exchange, PEER);
        pthread_t first, second;
        void *one, *other;

        sx_exchange_detach(call, distant(), NULL);
        first = start_waiting(await_done, exchange);
        second = start_waiting(await_done, exchange);
        CU_ASSERT_TRUE(complete(exchange, PEER, sx_exchange_id(call)));
        pthread_join(first, &one);
        pthread_join(second, &other);
        /* one of them gets the call; the other, with nothing to come, NULL at once */
        CU_ASSERT_TRUE((one == call && !other) || (other == call && !one));
        sx_exchange_release(call);
        sx_exchange_free(exchange);
    }
}

static void test_next_done_earlier_deadline(void)
{
    int i;

    for (i = 0; i < 5; i++) {
        struct sx_exchange *exchange = sx_exchange_new(10, NULL);
        struct soap_xmpp_call *slow = begin(exchange, PEER), *fast = begin(exchange, PEER);
        pthread_t thread;
        void *call;

        sx_exchange_detach(slow, distant(), NULL);
        thread = start_waiting(await_done, exchange);
        sx_exchange_detach(fast, soon(), NULL);
        pthread_join(thread, &call);
        CU_ASSERT_PTR_EQUAL(call, fast);
        sx_exchange_release(slow);
        sx_exchange_release(fast);
        sx_exchange_free(exchange);
    }
}

static void test_nothing_detached(void)
{
    struct sx_exchange *exchange = sx_exchange_new(10, NULL);
    struct soap_xmpp_call *call = begin(exchange, PEER);
    int64_t before_us = sx_clock_now_us();

    CU_ASSERT_PTR_NULL(sx_exchange_next_done(exchange, distant()));
    CU_ASSERT_TRUE(sx_clock_now_us() - before_us < 20 * INT64_C(1000000));
    sx_exchange_release(call);
    sx_exchange_free(exchange);
}

static void test_last_one_is_attached(void)
{
    int i;

    for (i = 0; i < 10; i++) {
        struct sx_exchange *exchange = sx_exchange_new(10, NULL);
        struct soap_xmpp_call *call = begin(exchange, PEER);
        pthread_t first, second;
        void *one, *other;

        sx_exchange_detach(call, distant(), NULL);
        first = start_waiting(await_done, exchange);
        second = start_waiting(await_done, exchange);
        if (i % 2)
            sx_exchange_attach(call);
        else
            sx_exchange_release(call);
        pthread_join(first, &one);
        pthread_join(second, &other);
        CU_ASSERT_TRUE(!one && !other);
        if (i % 2)
            sx_exchange_release(call);
        sx_exchange_free(exchange);
    }
}

static void test_attached_is_not_returned(void)
{
    struct sx_exchange *exchange = sx_exchange_new(10, NULL);
    struct soap_xmpp_call *before = begin(exchange, PEER), *after = begin(exchange, PEER);

    sx_exchange_detach(before, distant(), NULL);
    sx_exchange_attach(before);
    CU_ASSERT_TRUE(complete(exchange, PEER, sx_exchange_id(before)));
    sx_exchange_detach(after, distant(), NULL);
    CU_ASSERT_TRUE(complete(exchange, PEER, sx_exchange_id(after)));
    sx_exchange_attach(after);
    sx_exchange_attach(after);
    CU_ASSERT_PTR_NULL(sx_exchange_next_done(exchange, distant()));
    CU_ASSERT_EQUAL(ending(before), SX_OK);
    CU_ASSERT_EQUAL(ending(after), SX_OK);
    sx_exchange_release(before);
    sx_exchange_release(after);
    sx_exchange_free(exchange);
}

static void test_detached_after_its_end(void)
{
    struct sx_exchange *exchange = sx_exchange_new(10, NULL);
    struct soap_xmpp_call *first = begin(exchange, PEER), *second = begin(exchange, PEER);

    sx_exchange_detach(second, distant(), NULL);
    CU_ASSERT_TRUE(complete(exchange, PEER, sx_exchange_id(first)));
    CU_ASSERT_TRUE(complete(exchange, PEER, sx_exchange_id(second)));
    sx_exchange_detach(first, PAST, NULL);
    CU_ASSERT_PTR_EQUAL(sx_exchange_next_done(exchange, PAST), first);
    CU_ASSERT_PTR_EQUAL(sx_exchange_next_done(exchange, PAST), second);
    CU_ASSERT_EQUAL(ending(first), SX_OK);
    sx_exchange_release(first);
    sx_exchange_release(second);
    sx_exchange_free(exchange);
}

static void test_reply_after_deadline(void)
{
    struct sx_exchange *exchange = sx_exchange_new(10, NULL);
    struct soap_xmpp_call *call = begin(exchange, PEER);

    sx_exchange_detach(call, PAST, NULL);
    CU_ASSERT_FALSE(complete(exchange, PEER, sx_exchange_id(call)));
    CU_ASSERT_EQUAL(count(exchange).late, 1);
    CU_ASSERT_EQUAL(count(exchange).timed_out, 1);
    CU_ASSERT_PTR_EQUAL(sx_exchange_next_done(exchange, PAST), call);
    CU_ASSERT_EQUAL(ending(call), SX_ETIMEOUT);
    sx_exchange_release(call);
    sx_exchange_free(exchange);
}

static void test_new_deadline(void)
{
    struct sx_exchange *exchange = sx_exchange_new(10, NULL);
    struct soap_xmpp_call *call = begin(exchange, PEER);
    int first, second;

    sx_exchange_detach(call, distant(), &first);
    sx_exchange_detach(call, PAST, &second);
    CU_ASSERT_PTR_EQUAL(sx_exchange_next_done(exchange, distant()), call);
    CU_ASSERT_PTR_EQUAL(sx_exchange_user(call), &second);
    CU_ASSERT_PTR_NULL(sx_exchange_next_done(exchange, distant()));
    sx_exchange_release(call);
    sx_exchange_free(exchange);
}

/* ---- threads ---- */

enum { CALLERS = 4, CALLS = 1000 };

/* What one thread hands to the next. The whole run fits. */
struct channel {
    pthread_mutex_t mu;
    pthread_cond_t grew;
    int put, taken;
    struct {
        char id[ID_ROOM];
        struct soap_xmpp_call *call;
    } items[CALLERS * CALLS];
};

static struct {
    struct sx_exchange *exchange;
    struct channel sent, cancelled;
    unsigned long completed, wrong;
} crowd = {.sent = {.mu = PTHREAD_MUTEX_INITIALIZER, .grew = PTHREAD_COND_INITIALIZER},
           .cancelled = {.mu = PTHREAD_MUTEX_INITIALIZER, .grew = PTHREAD_COND_INITIALIZER}};

static void put(struct channel *channel, const char *id, struct soap_xmpp_call *call)
{
    pthread_mutex_lock(&channel->mu);
    snprintf(channel->items[channel->put].id, ID_ROOM, "%s", id);
    channel->items[channel->put++].call = call;
    pthread_cond_signal(&channel->grew);
    pthread_mutex_unlock(&channel->mu);
}

static int take(struct channel *channel)
{
    int taken;

    pthread_mutex_lock(&channel->mu);
    while (channel->taken == channel->put)
        pthread_cond_wait(&channel->grew, &channel->mu);
    taken = channel->taken++;
    pthread_mutex_unlock(&channel->mu);
    return taken;
}

/* Every fourth call is given away to be cancelled, every fourth is detached and awaited. */
static void *call_often(void *unused)
{
    unsigned long wrong = 0;
    int i;

    (void)unused;
    for (i = 0; i < CALLS; i++) {
        struct soap_xmpp_call *call = NULL;
        if (sx_exchange_begin(crowd.exchange, PEER, "add", distant(), &call) != SX_OK) {
            wrong++;
            continue;
        }
        put(&crowd.sent, sx_exchange_id(call), NULL);
        if (i % 4 == 0) {
            put(&crowd.cancelled, "", call);
            continue;
        }
        if (i % 4 == 1) {
            sx_exchange_detach(call, distant(), NULL);
            call = sx_exchange_next_done(crowd.exchange, distant());
        }
        wrong += !call || ending(call) != SX_OK;
        sx_exchange_release(call);
    }
    __atomic_fetch_add(&crowd.wrong, wrong, __ATOMIC_RELAXED);
    return NULL;
}

static void *complete_often(void *unused)
{
    int i;

    (void)unused;
    for (i = 0; i < CALLERS * CALLS; i++)
        crowd.completed += complete(crowd.exchange, PEER, crowd.sent.items[take(&crowd.sent)].id);
    return NULL;
}

static void *cancel_often(void *unused)
{
    int i;

    (void)unused;
    for (i = 0; i < CALLERS * CALLS / 4; i++)
        sx_exchange_release(crowd.cancelled.items[take(&crowd.cancelled)].call);
    return NULL;
}

static void test_threads(void)
{
    pthread_t callers[CALLERS], completer, canceller;
    struct sx_exchange_counts counts;
    int i;

    crowd.exchange = sx_exchange_new(3, NULL); /* so that callers wait for room, too */
    completer = start(complete_often, NULL);
    canceller = start(cancel_often, NULL);
    for (i = 0; i < CALLERS; i++)
        callers[i] = start(call_often, NULL);
    for (i = 0; i < CALLERS; i++)
        pthread_join(callers[i], NULL);
    pthread_join(completer, NULL);
    pthread_join(canceller, NULL);

    counts = count(crowd.exchange);
    CU_ASSERT_EQUAL(crowd.wrong, 0);
    CU_ASSERT_EQUAL(counts.under_way, 0);
    CU_ASSERT_EQUAL(counts.foreign, 0);
    CU_ASSERT_EQUAL(counts.timed_out, 0);
    CU_ASSERT_EQUAL(counts.completed, crowd.completed);
    CU_ASSERT_EQUAL(counts.completed + counts.late, CALLERS * CALLS);
    CU_ASSERT_TRUE(counts.completed >= CALLERS * CALLS * 3 / 4);
    sx_exchange_free(crowd.exchange);
}

CU_TestInfo tests_detached[] = {
    {"1,000 detached calls are returned in the order of their completion",
     test_order_of_completion},
    {"detached calls without an answer are returned in the order of their deadlines",
     test_order_of_deadlines},
    {"detached calls that were lost are returned in the order of their beginning",
     test_order_of_disconnect},
    {"waiting for any call ends with the first deadline of a call, or its own",
     test_next_done_expires},
    {"of two threads that wait for the last call one gets it and neither hangs",
     test_next_done_wakes},
    {"a call detached later with an earlier deadline is noticed by who waits already",
     test_next_done_earlier_deadline},
    {"waiting for any call returns at once when none is detached", test_nothing_detached},
    {"waiting for any call returns when the last one is attached or cancelled elsewhere",
     test_last_one_is_attached},
    {"an attached call is not returned any more", test_attached_is_not_returned},
    {"a call that ended before it was detached is returned in its place",
     test_detached_after_its_end},
    {"a reply after a detached call's deadline is late even if nobody has looked yet",
     test_reply_after_deadline},
    {"detaching again replaces deadline and user", test_new_deadline},
    {"4 callers, a completer and a canceller end every call exactly once", test_threads},
    CU_TEST_INFO_NULL,
};

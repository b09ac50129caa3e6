/* The queue of requests, between callers: turns, and what one of them can take for itself. */
#include "../../lib/suite.h"
#include "../../lib/waiting.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "request/queue.h"

static const int64_t PAST = 1; /* microseconds after boot */

static int64_t distant(void)
{
    return sx_clock_deadline(30 * INT64_C(1000000));
}

static struct sx_queue *make_open(unsigned max_requests, size_t max_bytes, unsigned max_running)
{
    struct sx_queue *queue = sx_queue_new(max_requests, max_bytes, max_running);
    CU_ASSERT_PTR_NOT_NULL_FATAL(queue);
    sx_queue_open(queue);
    return queue;
}

static struct sx_queue_counts count(struct sx_queue *queue)
{
    struct sx_queue_counts counts;
    sx_queue_count(queue, &counts);
    return counts;
}

/* An envelope of so many bytes; freed here when it is refused. */
static enum sx_err add_bytes(struct sx_queue *queue, const char *from, const char *id, size_t bytes)
{
    struct sx_request *request = sx_request_new(from, "calc@x/soap", id);
    enum sx_err err;
    CU_ASSERT_PTR_NOT_NULL_FATAL(request);
    request->envelope.bytes = bytes ? calloc(1, bytes + 1) : NULL;
    request->envelope.len = bytes;
    err = sx_queue_add(queue, request);
    if (err != SX_OK)
        sx_request_free(request);
    return err;
}

static enum sx_err add(struct sx_queue *queue, const char *from, const char *id)
{
    return add_bytes(queue, from, id, 0);
}

static unsigned add_many(struct sx_queue *queue, const char *from, unsigned most)
{
    unsigned added = 0;
    while (added < most && add(queue, from, "1") == SX_OK)
        added++;
    return added;
}

static struct sx_request *take(struct sx_queue *queue)
{
    bool closed;
    return sx_queue_take(queue, PAST, &closed);
}

/* Takes one request, expects this id ("" for none) and leaves it running. */
static struct sx_request *take_id(struct sx_queue *queue, const char *id)
{
    struct sx_request *request = take(queue);
    ASSERT_TEXT(request ? request->id : "", id);
    return request;
}

static unsigned take_and_free_all(struct sx_queue *queue)
{
    struct sx_request *request;
    unsigned taken = 0;
    for (; (request = take(queue)) != NULL; taken++)
        sx_request_free(request);
    return taken;
}

static void test_turns(void)
{
    static const char *const order[] = {"a1", "b1", "c1", "a2", "b2", "a3", "a4"};
    struct sx_queue *queue = make_open(100, 1000, 0);
    size_t i;
    add(queue, "a@x/1", "a1");
    add(queue, "a@x/2", "a2");
    add(queue, "a@x/1", "a3");
    add(queue, "b@x/1", "b1");
    add(queue, "b@x/1", "b2");
    add(queue, "c.x", "c1");
    add(queue, "a@x", "a4");
    CU_ASSERT_EQUAL(count(queue).callers, 3);
    for (i = 0; i < sizeof order / sizeof *order; i++)
        sx_request_free(take_id(queue, order[i]));
    CU_ASSERT_EQUAL(count(queue).callers, 0);
    sx_queue_free(queue);
}

/* Who comes again later stands behind those who wait, not before them. */
static void test_newcomers_queue_up(void)
{
    struct sx_queue *queue = make_open(100, 1000, 0);
    add(queue, "a@x/1", "a1");
    add(queue, "b@x/1", "b1");
    sx_request_free(take_id(queue, "a1"));
    add(queue, "a@x/1", "a2");
    sx_request_free(take_id(queue, "b1"));
    add(queue, "c@x/1", "c1");
    sx_request_free(take_id(queue, "a2"));
    sx_request_free(take_id(queue, "c1"));
    sx_queue_free(queue);
}

static void test_half_of_the_places(void)
{
    struct sx_queue *queue = make_open(1000, 1000, 0);
    CU_ASSERT_EQUAL(add_many(queue, "a@x/1", 1000), 500);
    CU_ASSERT_EQUAL(add_many(queue, "a@x/other", 1000), 0);
    CU_ASSERT_EQUAL(add_many(queue, "b@x/1", 1000), 250);
    CU_ASSERT_EQUAL(add_many(queue, "c@x/1", 1000), 125);
    CU_ASSERT_EQUAL(count(queue).queued, 875);
    CU_ASSERT_EQUAL(count(queue).refused, 4);
    CU_ASSERT_EQUAL(take_and_free_all(queue), 875);
    CU_ASSERT_EQUAL(add_many(queue, "a@x/1", 1000), 500);
    take_and_free_all(queue);
    sx_queue_free(queue);
}

/* Never more than max_requests, whoever many callers there are. */
static void test_places_are_bounded(void)
{
    struct sx_queue *queue = make_open(1000, 1000, 0);
    unsigned i, added = 0, refused_callers = 0;
    for (i = 0; i < 2000; i++) {
        char from[32];
        unsigned now;
        snprintf(from, sizeof from, "n%u@x/1", i);
        now = add_many(queue, from, 1000);
        added += now;
        refused_callers += now == 0;
    }
    CU_ASSERT_EQUAL(added, 1000);
    CU_ASSERT_EQUAL(refused_callers, 2000 - 10);
    CU_ASSERT_EQUAL(count(queue).callers, 10);
    CU_ASSERT_EQUAL(take_and_free_all(queue), 1000);
    sx_queue_free(queue);
}

static void test_bytes(void)
{
    struct sx_queue *queue = make_open(100, 1000, 0);
    CU_ASSERT_EQUAL(add_bytes(queue, "a@x/1", "0", 1001), SX_EFULL);
    CU_ASSERT_EQUAL(count(queue).callers, 0);
    CU_ASSERT_EQUAL(add_bytes(queue, "a@x/1", "1", 700), SX_OK); /* holds none: more than half */
    CU_ASSERT_EQUAL(add_bytes(queue, "a@x/1", "2", 1), SX_EFULL);
    CU_ASSERT_EQUAL(add_bytes(queue, "b@x/1", "3", 301), SX_EFULL);
    CU_ASSERT_EQUAL(add_bytes(queue, "b@x/1", "4", 100), SX_OK);
    CU_ASSERT_EQUAL(add_bytes(queue, "b@x/1", "5", 101), SX_EFULL);
    CU_ASSERT_EQUAL(add_bytes(queue, "b@x/1", "6", 100), SX_OK);
    CU_ASSERT_EQUAL(count(queue).queued_bytes, 900);
    sx_request_free(take_id(queue, "1"));
    CU_ASSERT_EQUAL(count(queue).queued_bytes, 200);
    CU_ASSERT_EQUAL(take_and_free_all(queue), 2);
    CU_ASSERT_EQUAL(count(queue).queued_bytes, 0);
    sx_queue_free(queue);
}

static void test_max_running(void)
{
    struct sx_queue *queue = make_open(100, 1000, 2);
    struct sx_request *first, *second;
    add(queue, "a@x/1", "a1");
    add(queue, "a@x/2", "a2");
    add(queue, "a@x/3", "a3");
    add(queue, "a@x/3", "a4");
    first = take_id(queue, "a1");
    second = take_id(queue, "a2");
    take_id(queue, "");
    add(queue, "b@x/1", "b1");
    sx_request_free(take_id(queue, "b1"));
    sx_request_free(second);
    second = take_id(queue, "a3");
    take_id(queue, "");
    sx_request_free(first);
    sx_request_free(second);
    sx_request_free(take_id(queue, "a4"));
    sx_queue_free(queue);
}

static void test_workers_but_one(void)
{
    static const struct {
        int workers;
        unsigned running;
    } rows[] = {{0, 9}, {1, 9}, {2, 9}, {3, 2}, {4, 3}, {8, 7}};
    size_t i;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sx_queue *queue = make_open(100, 1000, 0);
        struct sx_request *running[9] = {NULL};
        unsigned n = 0, j;
        sx_queue_add_workers(queue, rows[i].workers);
        CU_ASSERT_EQUAL(add_many(queue, "a@x/1", 9), 9);
        while (n < 9 && (running[n] = take(queue)) != NULL)
            n++;
        CU_ASSERT_EQUAL(n, rows[i].running);
        sx_queue_add_workers(queue, -rows[i].workers); /* nobody is left: no cap */
        CU_ASSERT_EQUAL(take_and_free_all(queue), 9 - n);
        for (j = 0; j < n; j++)
            sx_request_free(running[j]);
        sx_queue_free(queue);
    }
}

struct taker {
    struct sx_queue *queue;
    char id[16]; /* of what it took, "" for nothing */
    bool closed, in_time;
};

static void *take_one(void *argument)
{
    struct taker *taker = argument;
    int64_t deadline = distant();
    struct sx_request *request = sx_queue_take(taker->queue, deadline, &taker->closed);
    taker->in_time = sx_clock_now_us() < deadline;
    snprintf(taker->id, sizeof taker->id, "%s", request ? request->id : "");
    sx_request_free(request);
    return NULL;
}

/* A request that must wait for its caller's other one is taken when that ends, also at a stop. */
static void test_end_of_one_wakes(void)
{
    bool stops;
    for (stops = false;; stops = true) {
        struct taker taker = {.queue = make_open(100, 1000, 1)};
        struct sx_request *first;
        pthread_t thread;
        add(taker.queue, "a@x/1", "a1");
        add(taker.queue, "a@x/1", "a2");
        first = take_id(taker.queue, "a1");
        if (stops)
            sx_queue_close(taker.queue);
        thread = start_waiting(take_one, &taker);
        sx_request_free(first);
        pthread_join(thread, NULL);
        ASSERT_TEXT(taker.id, "a2");
        CU_ASSERT_TRUE(taker.in_time);
        CU_ASSERT_FALSE(taker.closed);
        sx_queue_free(taker.queue);
        if (stops)
            break;
    }
}

/* Those who wait for a capped caller's last request go home when it is given to another. */
static void test_last_one_sends_home(void)
{
    struct taker taker = {.queue = make_open(100, 1000, 1)};
    struct sx_request *first, *rest;
    pthread_t thread;
    add(taker.queue, "a@x/1", "a1");
    add(taker.queue, "a@x/1", "a2");
    first = take_id(taker.queue, "a1");
    sx_queue_close(taker.queue);
    thread = start_waiting(take_one, &taker);
    rest = sx_queue_take_all(taker.queue);
    pthread_join(thread, NULL);
    ASSERT_TEXT(taker.id, "");
    CU_ASSERT_TRUE(taker.closed);
    CU_ASSERT_TRUE(taker.in_time);
    sx_request_free(rest);
    sx_request_free(first);
    CU_ASSERT_TRUE(sx_queue_drained(taker.queue, PAST));
    sx_queue_free(taker.queue);
}

CU_TestInfo tests_fairness[] = {
    {"callers take turns, an account's resources are one caller", test_turns},
    {"a caller that comes again stands behind those who wait", test_newcomers_queue_up},
    {"a caller gets half of the places that are left, no more", test_half_of_the_places},
    {"many callers together get every place and not one more", test_places_are_bounded},
    {"envelopes have bytes to share in the same way", test_bytes},
    {"a caller has at most so many requests running, others pass it", test_max_running},
    {"of three workers or more one is left for the other callers", test_workers_but_one},
    {"the end of one request lets its caller's next one run", test_end_of_one_wakes},
    {"nobody waits for requests that somebody else has taken", test_last_one_sends_home},
    CU_TEST_INFO_NULL,
};

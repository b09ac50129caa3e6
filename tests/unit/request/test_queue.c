/* The queue of requests: bounded, in order, drained at a stop, each request answered once. */
#include "../../lib/suite.h"
#include "../../lib/waiting.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "request/queue.h"

static const int64_t PAST = 1; /* microseconds after boot */

static int64_t distant(void)
{
    return sx_clock_deadline(30 * INT64_C(1000000));
}

static int64_t soon(void)
{
    return sx_clock_deadline(20 * 1000);
}

static struct sx_request *make_from(const char *from, const char *id)
{
    struct sx_request *request = sx_request_new(from, "calc@x/soap", id);
    CU_ASSERT_PTR_NOT_NULL_FATAL(request);
    return request;
}

static struct sx_request *make(const char *id)
{
    return make_from("romeo@example.net/orchard", id);
}

enum { MAX_BYTES = 1000 };

static struct sx_queue *make_open(unsigned max_requests)
{
    struct sx_queue *queue = sx_queue_new(max_requests, MAX_BYTES, 0);
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

static pthread_t start(void *(*run)(void *), void *argument)
{
    pthread_t thread;
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, run, argument), 0);
    return thread;
}

static void take_and_free(struct sx_queue *queue, const char *id)
{
    bool closed;
    struct sx_request *request = sx_queue_take(queue, PAST, &closed);
    CU_ASSERT_PTR_NOT_NULL_FATAL(request);
    ASSERT_TEXT(request->id, id);
    CU_ASSERT_FALSE(closed);
    CU_ASSERT_PTR_NULL(request->next);
    sx_request_free(request);
}

static void test_request_copies(void)
{
    char from[] = "romeo@example.net/orchard";
    int64_t before_us = sx_clock_now_us();
    struct sx_request *request = sx_request_new(from, NULL, "42");

    CU_ASSERT_PTR_NOT_NULL_FATAL(request);
    memset(from, 'x', strlen(from));
    ASSERT_TEXT(request->from, "romeo@example.net/orchard");
    CU_ASSERT_PTR_NULL(request->to);
    ASSERT_TEXT(request->id, "42");
    CU_ASSERT_FALSE(request->answered);
    CU_ASSERT_TRUE(request->arrived_us >= before_us);
    sx_request_free(request);
    sx_request_free(NULL);
}

static void test_not_serving(void)
{
    struct sx_queue *queue = sx_queue_new(10, MAX_BYTES, 0);
    struct sx_request *request = make("1");

    CU_ASSERT_FALSE(sx_queue_is_open(queue));
    CU_ASSERT_EQUAL(sx_queue_add(queue, request), SX_ENOTSOAP);
    CU_ASSERT_PTR_NULL(request->queue);
    sx_queue_open(queue);
    CU_ASSERT_TRUE(sx_queue_is_open(queue));
    CU_ASSERT_EQUAL(sx_queue_add(queue, request), SX_OK);
    CU_ASSERT_PTR_EQUAL(request->queue, queue);
    take_and_free(queue, "1");
    sx_queue_close(queue);
    CU_ASSERT_FALSE(sx_queue_is_open(queue));
    sx_queue_free(queue);
}

static void test_full(void)
{
    struct sx_queue *queue = make_open(2);
    struct sx_request *third = make_from("c@x/1", "3");

    CU_ASSERT_EQUAL(sx_queue_add(queue, make_from("a@x/1", "1")), SX_OK);
    CU_ASSERT_EQUAL(sx_queue_add(queue, make_from("b@x/1", "2")), SX_OK);
    CU_ASSERT_EQUAL(sx_queue_add(queue, third), SX_EFULL);
    CU_ASSERT_EQUAL(count(queue).refused, 1);
    /* a request being worked on takes no room in the queue */
    take_and_free(queue, "1");
    CU_ASSERT_EQUAL(sx_queue_add(queue, third), SX_OK);
    take_and_free(queue, "2");
    take_and_free(queue, "3");
    sx_queue_free(queue);
}

static void test_order(void)
{
    struct sx_queue *queue = make_open(200);
    char id[16];
    int i;

    for (i = 0; i < 100; i++) {
        snprintf(id, sizeof id, "%d", i);
        CU_ASSERT_EQUAL(sx_queue_add(queue, make(id)), SX_OK);
    }
    for (i = 0; i < 100; i++) {
        snprintf(id, sizeof id, "%d", i);
        take_and_free(queue, id);
    }
    sx_queue_free(queue);
}

static void test_take_ends_at_deadline(void)
{
    struct sx_queue *queue = make_open(10);
    int64_t deadline = soon();
    bool closed = true;

    CU_ASSERT_PTR_NULL(sx_queue_take(queue, deadline, &closed));
    CU_ASSERT_TRUE(sx_clock_now_us() >= deadline);
    CU_ASSERT_FALSE(closed);
    sx_queue_free(queue);
}

static void who_takes_from_a_suspended_queue_does_not_wait(void)
{
    struct sx_queue *queue = make_open(3);
    bool closed = false;
    sx_queue_suspend(queue, "");
    CU_ASSERT_EQUAL(sx_queue_add(queue, make("1")), SX_OK);
    take_and_free(queue, "1"); /* what is there is served */
    CU_ASSERT_PTR_NULL(sx_queue_take(queue, distant(), &closed));
    CU_ASSERT_TRUE(closed);
    CU_ASSERT_TRUE(sx_queue_is_open(queue));
    sx_queue_resume(queue);
    CU_ASSERT_PTR_NULL(sx_queue_take(queue, soon(), &closed));
    CU_ASSERT_FALSE(closed);
    sx_queue_free(queue);
}

/* A kick follows at once, and some of them haven't noticed yet: they must not go on alone. */
static void who_was_there_leaves_a_queue_that_was_resumed(void)
{
    struct sx_queue *queue = make_open(3);
    unsigned long suspensions = sx_queue_suspensions(queue);
    char reason[SX_QUEUE_REASON_BYTES];
    bool closed = false;
    CU_ASSERT_PTR_NULL(sx_queue_take_since(queue, suspensions, soon(), &closed));
    CU_ASSERT_FALSE(closed);
    sx_queue_reason(queue, reason);
    ASSERT_TEXT(reason, "");
    sx_queue_suspend(queue, "no entry");
    sx_queue_suspend(queue, "still no entry"); /* idempotent, but for the reason */
    sx_queue_reason(queue, reason);
    ASSERT_TEXT(reason, "still no entry");
    CU_ASSERT_EQUAL(sx_queue_suspensions(queue), suspensions + 1);
    sx_queue_resume(queue);
    CU_ASSERT_EQUAL(sx_queue_add(queue, make("1")), SX_OK);
    CU_ASSERT_PTR_NULL(sx_queue_take_since(queue, suspensions, distant(), &closed));
    CU_ASSERT_TRUE(closed);
    take_and_free(queue, "1"); /* it is for those who serve from now on */
    CU_ASSERT_PTR_NULL(sx_queue_take_since(queue, suspensions + 1, soon(), &closed));
    CU_ASSERT_FALSE(closed);
    sx_queue_free(queue);
}

static void *wait_for_request(void *queue)
{
    bool closed = false;
    CU_ASSERT_PTR_NULL(sx_queue_take_since(queue, 0, distant(), &closed));
    CU_ASSERT_TRUE(closed);
    return NULL;
}

/* Each of those who serve leaves, whether it noticed in between or not. */
static void a_kick_that_follows_at_once_leaves_nobody_behind(void)
{
    enum { TAKERS = 8 };
    pthread_t takers[TAKERS];
    struct sx_queue *queue = make_open(3);
    int i;
    for (i = 0; i < TAKERS; i++)
        takers[i] = start(wait_for_request, queue);
    sx_queue_suspend(queue, "");
    sx_queue_resume(queue);
    for (i = 0; i < TAKERS; i++)
        pthread_join(takers[i], NULL);
    sx_queue_free(queue);
}

static void *leave_in_time(void *queue)
{
    int64_t deadline = distant();
    bool closed = false;
    CU_ASSERT_PTR_NULL(sx_queue_take_since(queue, 0, deadline, &closed));
    CU_ASSERT_TRUE(closed);
    CU_ASSERT_TRUE(sx_clock_now_us() < deadline);
    return NULL;
}

/* What waits is of a caller that has as many running as may be: nobody can take it, and so nobody
 * leaves yet. Once it can be taken, it is for those who serve from then on. */
static void who_waited_for_a_turn_leaves_a_queue_that_was_resumed(void)
{
    enum { TAKERS = 4 };
    pthread_t takers[TAKERS];
    struct sx_queue *queue = sx_queue_new(3, 1000, 1);
    struct sx_request *running;
    bool closed = false;
    int i;
    sx_queue_open(queue);
    CU_ASSERT_EQUAL(sx_queue_add(queue, make("1")), SX_OK);
    CU_ASSERT_EQUAL(sx_queue_add(queue, make("2")), SX_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(running = sx_queue_take(queue, soon(), &closed));
    for (i = 0; i < TAKERS; i++)
        takers[i] = start(leave_in_time, queue);
    CU_ASSERT_PTR_NULL(sx_queue_take(queue, soon(), &closed)); /* so long for them to wait */
    sx_queue_suspend(queue, "no entry");
    CU_ASSERT_PTR_NULL(sx_queue_take(queue, soon(), &closed));
    CU_ASSERT_FALSE(closed);
    sx_queue_resume(queue);
    for (i = 0; i < TAKERS; i++)
        pthread_join(takers[i], NULL);
    sx_request_free(running);
    take_and_free(queue, "2");
    sx_queue_free(queue);
}

static void test_close(void)
{
    struct sx_queue *queue = make_open(10);
    struct sx_request *late = make("late");
    bool closed = false;

    CU_ASSERT_EQUAL(sx_queue_add(queue, make("1")), SX_OK);
    CU_ASSERT_EQUAL(sx_queue_add(queue, make("2")), SX_OK);
    sx_queue_close(queue);
    sx_queue_close(queue);
    CU_ASSERT_EQUAL(sx_queue_add(queue, late), SX_ESTOPPED);
    take_and_free(queue, "1");
    take_and_free(queue, "2");
    CU_ASSERT_PTR_NULL(sx_queue_take(queue, distant(), &closed));
    CU_ASSERT_TRUE(closed);
    sx_request_free(late);
    sx_queue_free(queue);
}

static void *take_until_closed(void *argument)
{
    struct sx_queue *queue = argument;
    struct sx_request *request;
    intptr_t taken = 0;
    bool closed = false;

    while ((request = sx_queue_take(queue, distant(), &closed)) != NULL) {
        taken++;
        sx_request_free(request);
    }
    return (void *)(closed ? taken : -1);
}

static void test_close_wakes(void)
{
    int i, j;

    for (i = 0; i < 10; i++) {
        struct sx_queue *queue = make_open(10);
        pthread_t takers[3];
        void *taken;

        for (j = 0; j < 3; j++)
            takers[j] = start_waiting(take_until_closed, queue);
        sx_queue_close(queue);
        for (j = 0; j < 3; j++) {
            pthread_join(takers[j], &taken);
            CU_ASSERT_PTR_EQUAL(taken, 0);
        }
        sx_queue_free(queue);
    }
}

static void *free_request(void *argument)
{
    sx_request_free(argument);
    return NULL;
}

static void test_drained(void)
{
    struct sx_queue *queue = make_open(10);
    struct sx_request *running;
    int64_t deadline;
    pthread_t worker;
    bool closed;

    CU_ASSERT_EQUAL(sx_queue_add(queue, make("1")), SX_OK);
    CU_ASSERT_EQUAL(sx_queue_add(queue, make("2")), SX_OK);
    running = sx_queue_take(queue, PAST, &closed);
    sx_queue_close(queue);
    CU_ASSERT_FALSE(sx_queue_drained(queue, PAST));
    take_and_free(queue, "2");
    deadline = soon();
    CU_ASSERT_FALSE(sx_queue_drained(queue, deadline));
    CU_ASSERT_TRUE(sx_clock_now_us() >= deadline);
    worker = start(free_request, running);
    CU_ASSERT_TRUE(sx_queue_drained(queue, distant()));
    pthread_join(worker, NULL);
    sx_queue_free(queue);
}

static void test_take_all(void)
{
    struct sx_queue *queue = make_open(10);
    struct sx_request *list, *next;
    int number = 0;

    CU_ASSERT_PTR_NULL(sx_queue_take_all(queue));
    CU_ASSERT_EQUAL(sx_queue_add(queue, make("1")), SX_OK);
    CU_ASSERT_EQUAL(sx_queue_add(queue, make("2")), SX_OK);
    list = sx_queue_take_all(queue);
    CU_ASSERT_EQUAL(count(queue).queued, 0);
    CU_ASSERT_EQUAL(count(queue).running, 2);
    CU_ASSERT_EQUAL(sx_queue_add(queue, make("3")), SX_OK);
    for (; list; list = next) {
        next = list->next;
        ASSERT_TEXT(list->id, ++number == 1 ? "1" : "2");
        sx_request_free(list);
    }
    CU_ASSERT_EQUAL(number, 2);
    take_and_free(queue, "3");
    CU_ASSERT_TRUE(sx_queue_drained(queue, PAST));
    sx_queue_free(queue);
}

static void test_counts(void)
{
    struct sx_queue *queue = make_open(1);
    struct sx_request *refused = make("2"), *request;
    struct sx_queue_counts counts;
    bool closed;

    CU_ASSERT_EQUAL(sx_queue_add(queue, make("1")), SX_OK);
    CU_ASSERT_EQUAL(sx_queue_add(queue, refused), SX_EFULL);
    counts = count(queue);
    CU_ASSERT_TRUE(counts.queued == 1 && counts.running == 0);
    request = sx_queue_take(queue, PAST, &closed);
    sx_request_free(refused); /* it was never counted in */
    counts = count(queue);
    CU_ASSERT_TRUE(counts.queued == 0 && counts.running == 1);
    sx_request_free(request);
    counts = count(queue);
    CU_ASSERT_TRUE(counts.queued == 0 && counts.running == 0);
    CU_ASSERT_TRUE(counts.added == 1 && counts.refused == 1);
    sx_queue_free(queue);
}

static void *answer(void *argument)
{
    return (void *)(intptr_t)sx_request_answer_once(argument);
}

static void test_answer_once(void)
{
    int i, j;

    for (i = 0; i < 50; i++) {
        struct sx_request *request = make("1");
        pthread_t threads[4];
        intptr_t answers = 0;

        for (j = 0; j < 4; j++)
            threads[j] = start(answer, request);
        for (j = 0; j < 4; j++) {
            void *first;
            pthread_join(threads[j], &first);
            answers += (intptr_t)first;
        }
        CU_ASSERT_EQUAL(answers, 1);
        CU_ASSERT_FALSE(sx_request_answer_once(request));
        CU_ASSERT_TRUE(request->answered);
        sx_request_free(request);
    }
}

enum { REQUESTS = 4000, WORKERS = 4 };

static void test_threads(void)
{
    struct sx_queue *queue = make_open(16);
    pthread_t workers[WORKERS];
    intptr_t served = 0;
    int accepted = 0, i;

    for (i = 0; i < WORKERS; i++)
        workers[i] = start_waiting(take_until_closed, queue);
    for (i = 0; i < REQUESTS; i++) {
        struct sx_request *request = make("1");
        if (sx_queue_add(queue, request) == SX_OK)
            accepted++;
        else
            sx_request_free(request);
    }
    sx_queue_close(queue);
    CU_ASSERT_TRUE(sx_queue_drained(queue, distant()));
    for (i = 0; i < WORKERS; i++) {
        void *taken;
        pthread_join(workers[i], &taken);
        served += (intptr_t)taken;
    }
    CU_ASSERT_EQUAL(served, accepted);
    CU_ASSERT_EQUAL(count(queue).added, (unsigned long)accepted);
    CU_ASSERT_EQUAL(count(queue).added + count(queue).refused, REQUESTS);
    sx_queue_free(queue);
}

CU_TestInfo tests_queue[] = {
    {"who takes from a suspended queue does not wait",
     who_takes_from_a_suspended_queue_does_not_wait},
    {"a request copies its names and keeps what is missing missing", test_request_copies},
    {"who was there leaves a queue that was resumed",
     who_was_there_leaves_a_queue_that_was_resumed},
    {"a kick that follows at once leaves nobody behind",
     a_kick_that_follows_at_once_leaves_nobody_behind},
    {"who waited for a turn leaves a queue that was resumed",
     who_waited_for_a_turn_leaves_a_queue_that_was_resumed},
    {"requests are refused until somebody serves", test_not_serving},
    {"a full queue refuses and leaves the request to the caller", test_full},
    {"a caller's requests are taken in the order of their arrival", test_order},
    {"taking ends at the deadline", test_take_ends_at_deadline},
    {"a closed queue refuses what arrives and gives out what is left", test_close},
    {"closing wakes every taker", test_close_wakes},
    {"draining waits for what is queued and for what runs", test_drained},
    {"all queued requests can be taken at once, in order", test_take_all},
    {"queued, running, added and refused requests are counted", test_counts},
    {"of many threads that answer a request one is the first", test_answer_once},
    {"4 workers take every accepted request once", test_threads},
    CU_TEST_INFO_NULL,
};

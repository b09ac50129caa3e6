/* Work that is done by a few threads. */
#include "../../lib/suite.h"
#include "shortage.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/workers.h"

enum { PIECES = 1000, MOST_WAITING = 4096 };

static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool is_held, has_begun;
static int order[PIECES], done;
static atomic_int runs;

static struct gw_workers *start(unsigned threads)
{
    char why[200] = "";
    struct gw_workers *workers = gw_workers_start(threads, why, sizeof why);
    CU_ASSERT_PTR_NOT_NULL_FATAL(workers);
    return workers;
}

static void note(void *user)
{
    order[done++] = *(int *)user;
}

static void work_is_done_in_its_order(void)
{
    static int numbers[PIECES];
    struct gw_workers *workers = start(1);
    done = 0;
    for (int i = 0; i < PIECES; i++) {
        numbers[i] = i;
        CU_ASSERT_EQUAL(gw_workers_do(workers, note, &numbers[i]), 0);
    }
    gw_workers_stop(workers);
    CU_ASSERT_EQUAL(done, PIECES);
    for (int i = 0; i < done; i++)
        CU_ASSERT_EQUAL(order[i], i);
}

static void run(void *user)
{
    (void)user;
    atomic_fetch_add(&runs, 1);
}

static void wait_held(void *user)
{
    (void)user;
    pthread_mutex_lock(&mu);
    has_begun = true;
    pthread_cond_broadcast(&changed);
    while (is_held)
        pthread_cond_wait(&changed, &mu);
    pthread_mutex_unlock(&mu);
}

static void let_go(void)
{
    pthread_mutex_lock(&mu);
    is_held = false;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mu);
}

static void hold(struct gw_workers *workers)
{
    is_held = true;
    has_begun = false;
    CU_ASSERT_EQUAL(gw_workers_do(workers, wait_held, NULL), 0);
    pthread_mutex_lock(&mu);
    while (!has_begun)
        pthread_cond_wait(&changed, &mu);
    pthread_mutex_unlock(&mu);
}

static void more_than_may_wait_is_refused_and_what_waits_is_run(void)
{
    struct gw_workers *workers = start(1);
    int taken = 0;
    hold(workers);
    runs = 0;
    while (taken <= MOST_WAITING && gw_workers_do(workers, run, NULL) == 0)
        taken++;
    CU_ASSERT_EQUAL(taken, MOST_WAITING);
    let_go();
    gw_workers_stop(workers);
    CU_ASSERT_EQUAL(runs, MOST_WAITING);
}

static void one_that_takes_long_holds_up_no_other(void)
{
    struct gw_workers *workers = start(2);
    hold(workers);
    runs = 0;
    for (int i = 0; i < PIECES; i++)
        gw_workers_do(workers, run, NULL);
    while (runs < PIECES) /* by the other thread */
        sched_yield();
    let_go();
    gw_workers_stop(workers);
}

static bool attempt_work(unsigned number, bool lasts)
{
    struct gw_workers *workers;
    char why[200] = "";
    int result = -1;
    runs = 0;
    shortage_begin(number, lasts);
    workers = gw_workers_start(2, why, sizeof why);
    if (workers)
        result = gw_workers_do(workers, run, NULL);
    bool was_short = shortage_end();
    CU_ASSERT(workers || *why);
    gw_workers_stop(workers);
    CU_ASSERT_EQUAL(runs, result == 0);
    CU_ASSERT(was_short || result == 0);
    return was_short;
}

static void without_memory_work_is_refused(void)
{
    CU_ASSERT(shortage_sweep(attempt_work) >= 2);
}

CU_TestInfo gateway_tests_workers[] = {
    {"work is done in its order", work_is_done_in_its_order},
    {"more than may wait is refused, and what waits is run",
     more_than_may_wait_is_refused_and_what_waits_is_run},
    {"one that takes long holds up no other", one_that_takes_long_holds_up_no_other},
    {"without memory work is refused", without_memory_work_is_refused},
    CU_TEST_INFO_NULL,
};

/* A turn: one thread at a time, nobody starves, nobody waits for who is stuck. */
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/turn.h"
#include "../../lib/suite.h"

enum { THREADS = 8, ROUNDS = 500 };

struct crowd {
    struct sx_turn turn;
    unsigned inside, done;        /* not atomic: the turn guards these four */
    int64_t begun_us, longest_us; /* a busy machine may keep a holder for so long */
    _Atomic unsigned turned_away;
};

static void *come_again(void *argument)
{
    static const struct timespec pause = {.tv_nsec = 20000};
    struct crowd *crowd = argument;
    unsigned long lost;
    int i;
    for (i = 0; i < ROUNDS; i++) {
        if (!sx_turn_begin(&crowd->turn, &lost)) {
            crowd->turned_away++;
            continue;
        }
        CU_ASSERT_EQUAL(++crowd->inside, 1);
        crowd->begun_us = sx_clock_now_us();
        nanosleep(&pause, NULL);
        crowd->inside--;
        crowd->done++;
        if (sx_clock_now_us() - crowd->begun_us > crowd->longest_us)
            crowd->longest_us = sx_clock_now_us() - crowd->begun_us;
        sx_turn_end(&crowd->turn);
    }
    return NULL;
}

static void one_at_a_time_and_all_of_them(void)
{
    struct crowd crowd = {.inside = 0};
    pthread_t threads[THREADS];
    int i;
    CU_ASSERT_TRUE(sx_turn_init(&crowd.turn));
    for (i = 0; i < THREADS; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, come_again, &crowd), 0);
    for (i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    CU_ASSERT_EQUAL(crowd.done + crowd.turned_away, THREADS * ROUNDS);
    CU_ASSERT_TRUE(crowd.turned_away == 0 || crowd.longest_us > SX_TURN_WAIT_MS * 500);
}

static void who_is_stuck_is_not_waited_for(void)
{
    struct sx_turn turn;
    unsigned long lost;
    int64_t begun_us;
    int i;
    CU_ASSERT_TRUE(sx_turn_init(&turn));
    CU_ASSERT_TRUE(sx_turn_begin(&turn, &lost));
    CU_ASSERT_FALSE(sx_turn_begin(&turn, &lost)); /* after the wait */
    begun_us = sx_clock_now_us();
    for (i = 0; i < 1000; i++)
        CU_ASSERT_FALSE(sx_turn_begin(&turn, &lost));
    /* No wait at all, which would be 1000 of them. */
    CU_ASSERT_TRUE(sx_clock_now_us() - begun_us < 100 * SX_TURN_WAIT_MS * INT64_C(1000));
    sx_turn_end(&turn);
    CU_ASSERT_TRUE(sx_turn_begin(&turn, &lost));
    CU_ASSERT_EQUAL(lost, 1001);
    sx_turn_end(&turn);
    CU_ASSERT_TRUE(sx_turn_begin(&turn, &lost));
    CU_ASSERT_EQUAL(lost, 0);
}

static void a_child_begins_anew(void)
{
    struct sx_turn turn;
    unsigned long lost;
    int status = -1;
    pid_t child;
    CU_ASSERT_TRUE(sx_turn_init(&turn));
    CU_ASSERT_TRUE(sx_turn_begin(&turn, &lost));
    child = fork();
    CU_ASSERT_TRUE_FATAL(child >= 0);
    if (child == 0)
        suite_end_child(!sx_turn_begin(&turn, &lost));
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CU_ASSERT_FALSE(sx_turn_begin(&turn, &lost));
}

CU_TestInfo tests_turn[] = {
    {"one at a time, and busy is not stuck", one_at_a_time_and_all_of_them},
    {"who is stuck is not waited for, and how many went is told", who_is_stuck_is_not_waited_for},
    {"a process that was forked begins anew", a_child_begins_anew},
    CU_TEST_INFO_NULL,
};

/* thread.c: what signals its threads block. */
#include "base/thread.h"

#include <signal.h>

#include "../../lib/suite.h"

static void *read_mask(void *user)
{
    pthread_sigmask(SIG_SETMASK, NULL, user);
    return NULL;
}

static void a_thread_blocks_every_signal(void)
{
    sigset_t mask;
    pthread_t thread;
    sigemptyset(&mask);
    CU_ASSERT_EQUAL_FATAL(sx_thread_start(&thread, read_mask, &mask), 0);
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(sigismember(&mask, SIGPIPE), 1);
    CU_ASSERT_EQUAL(sigismember(&mask, SIGTERM), 1);
    CU_ASSERT_EQUAL(sigismember(&mask, SIGUSR1), 1);
}

static void its_starter_keeps_its_own_mask(void)
{
    sigset_t own, before, after;
    pthread_t thread;
    sigemptyset(&own);
    sigaddset(&own, SIGUSR2);
    pthread_sigmask(SIG_SETMASK, &own, &before);
    CU_ASSERT_EQUAL_FATAL(sx_thread_start(&thread, read_mask, &own), 0);
    pthread_join(thread, NULL);
    pthread_sigmask(SIG_SETMASK, &before, &after);
    CU_ASSERT_EQUAL(sigismember(&after, SIGUSR2), 1);
    CU_ASSERT_EQUAL(sigismember(&after, SIGTERM), 0);
}

CU_TestInfo tests_thread[] = {
    {"a thread blocks every signal", a_thread_blocks_every_signal},
    {"its starter keeps its own mask", its_starter_keeps_its_own_mask},
    CU_TEST_INFO_NULL,
};

/* Workers, and the signals of the process that they are part of. */
#include "ground.h"

#include <signal.h>
#include <ucontext.h>
#include <unistd.h>

#include <semaphore.h>
#include <time.h>

static pthread_t serving;
static sem_t handled;
static volatile sig_atomic_t handled_elsewhere; /* not by the program's own thread */

/* The thread that has run it once blocks the signal from then on: the next one finds no thread of
 * the program, so it would run on a worker if that let it. (Valgrind doesn't take over the changed
 * mask: there the same thread runs it again.) */
static void on_signal(int signal, siginfo_t *info, void *context)
{
    ucontext_t *interrupted = context;
    (void)info;
    if (!pthread_equal(pthread_self(), serving))
        handled_elsewhere = 1;
    sigaddset(&interrupted->uc_sigmask, signal);
    sem_post(&handled);
}

static sigset_t only(int signal)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    return set;
}

/* A program's own thread takes signals, and calls soap_xmpp_serve(). */
static void *serve_with_signals(void *arg)
{
    sigset_t set = only(SIGUSR1);
    serving = pthread_self();
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    CU_ASSERT_EQUAL(soap_xmpp_serve(arg, soap_serve, 1), SOAP_OK);
    return NULL;
}

static bool wait_handled(void)
{
    struct timespec deadline;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += 10;
    return sem_timedwait(&handled, &deadline) == 0;
}

static void send_two_signals(void)
{
    ASSERT_ADD(ground.client, CALC, 1, 2); /* the worker is there */
    kill(getpid(), SIGUSR1);
    CU_ASSERT(wait_handled());
    kill(getpid(), SIGUSR1);
    ASSERT_ADD(ground.client, CALC, 1, 2); /* the worker has woken up, and would have run it */
    CU_ASSERT_FALSE(handled_elsewhere);
}

static void workers_block_signals(void)
{
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
    struct sigaction previous;
    sigset_t set = only(SIGUSR1), mask;
    pthread_t thread;
    sem_init(&handled, 0, 0);
    pthread_sigmask(SIG_BLOCK, &set, &mask); /* the test's thread isn't asked */
    sigaction(SIGUSR1, &action, &previous);
    sx_queue_open(sx_link_queue(ground.far)); /* the thread may come late */
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, serve_with_signals, ground.service), 0);
    send_two_signals();
    sx_queue_close(sx_link_queue(ground.far));
    pthread_join(thread, NULL);
    signal(SIGUSR1, SIG_IGN); /* forgets the one that waits */
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    sigaction(SIGUSR1, &previous, NULL);
    sem_destroy(&handled);
}

CU_TestInfo tests_pool[] = {
    {"a signal to the process never runs its handler on a worker", workers_block_signals},
    CU_TEST_INFO_NULL,
};

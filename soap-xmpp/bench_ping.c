/* bench_ping.c - a bench of pings.
 *
 * Invariant: the count is touched under the lock alone. A ping blocks, so each has a thread.
 *
 * Failure modes: fewer threads than wanted: so many pings at once less. */
#include "bench_ping.h"

#include <pthread.h>
#include <time.h>

#include "command.h"
#include "interrupt.h"

enum { THREADS = 64, ANSWER_MS = 10000, SLICE_US = 100000, WHY_BYTES = 512 };

/* All that the threads share. */
struct pinging {
    struct run *run;
    struct soap_xmpp_link *link;
    const char *endpoint;
    const struct bench_plan *plan;
    pthread_mutex_t mu;
    /* under mu */
    struct bench_count *count;
    unsigned long sent;
};

/* When the next one is due; < 0: there is none. */
static long long take_turn(struct pinging *pinging)
{
    long long due_us = -1;
    pthread_mutex_lock(&pinging->mu);
    if (!interrupt_signal() && !deadline_is_over(&pinging->run->deadline) &&
        bench_plan_has_more(pinging->plan, pinging->sent))
        due_us = bench_plan_due_us(pinging->plan, pinging->sent++);
    pthread_mutex_unlock(&pinging->mu);
    return due_us;
}

/* In slices, so that a signal ends it. */
static void wait_until(long long due_us)
{
    long long left_us;
    while (!interrupt_signal() && (left_us = due_us - deadline_now_us()) > 0) {
        long long slice_us = left_us < SLICE_US ? left_us : SLICE_US;
        struct timespec slice = {0, (long)slice_us * 1000};
        nanosleep(&slice, NULL);
    }
}

static void *ping_on(void *user)
{
    struct pinging *pinging = user;
    long long due_us;
    while ((due_us = take_turn(pinging)) >= 0) {
        char why[WHY_BYTES] = "";
        long long begun_us;
        int result;
        if (due_us)
            wait_until(due_us);
        begun_us = due_us ? due_us : deadline_now_us();
        result = soap_xmpp_ping(pinging->link, pinging->endpoint, ANSWER_MS, NULL, why, sizeof why);
        pthread_mutex_lock(&pinging->mu);
        if (result == 0 || !interrupt_signal())
            bench_count_call(pinging->count, result ? SOAP_XMPP_END_REFUSED : SOAP_XMPP_END_EMPTY,
                             result ? SOAP_XMPP_NOT_EXECUTED : SOAP_XMPP_EXECUTED,
                             (unsigned long long)(deadline_now_us() - begun_us), why);
        bench_count_show(pinging->count, &pinging->run->report);
        pthread_mutex_unlock(&pinging->mu);
    }
    return NULL;
}

int bench_ping(struct run *run, struct soap_xmpp_link *link, const char *endpoint,
               struct bench_plan *plan, struct bench_count *count)
{
    struct pinging pinging = {.run = run,
                              .link = link,
                              .endpoint = endpoint,
                              .plan = plan,
                              .mu = PTHREAD_MUTEX_INITIALIZER,
                              .count = count};
    pthread_t threads[THREADS];
    size_t i, started = 0;
    if (plan->outstanding > THREADS)
        plan->outstanding = THREADS;
    bench_plan_begin(plan);
    while (started < plan->outstanding &&
           pthread_create(&threads[started], NULL, ping_on, &pinging) == 0)
        started++;
    plan->outstanding = started;
    for (i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    bench_count_end(count, plan->begun_us);
    return started ? 0 : report_end(&run->report, REPORT_USAGE, "no thread can be started");
}

/* workers.c - a few threads for what takes longer than a loop may stand still.
 *
 * Invariant: each piece of work that gw_workers_do() took runs once; work is begun in the order it
 * came. The list has MOST_WAITING pieces at most.
 *
 * Happy path: do -> list -> a thread takes it and runs it, without the lock. Stop: no more is
 * taken, what waits is run, the threads end. Failure: no thread could be started: those that were
 * are stopped again. A thread inherits the mask of signals; main() has blocked all by then.
 */
#include "base/workers.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_WAITING = 4096 };

struct work {
    gw_work_fn *run;
    void *user;
    struct work *next;
};

struct gw_workers {
    pthread_mutex_t mu;
    pthread_cond_t more;
    /* under mu */
    struct work *first, **last;
    size_t waiting;
    bool is_stopping;
    /* immutable once started */
    unsigned count;
    pthread_t threads[];
};

/* NULL: there will be no more. */
static struct work *take_work(struct gw_workers *workers)
{
    pthread_mutex_lock(&workers->mu);
    while (!workers->first && !workers->is_stopping)
        pthread_cond_wait(&workers->more, &workers->mu);
    struct work *work = workers->first;
    if (work) {
        workers->first = work->next;
        workers->waiting--;
        if (!workers->first)
            workers->last = &workers->first;
    }
    pthread_mutex_unlock(&workers->mu);
    return work;
}

static void *run_worker(void *user)
{
    for (struct work *work; (work = take_work(user));) {
        work->run(work->user);
        free(work);
    }
    return NULL;
}

struct gw_workers *gw_workers_start(unsigned threads, char *why, size_t why_bytes)
{
    struct gw_workers *workers = calloc(1, sizeof *workers + threads * sizeof workers->threads[0]);
    if (!workers) {
        snprintf(why, why_bytes, "no memory for worker threads");
        return NULL;
    }
    pthread_mutex_init(&workers->mu, NULL);
    pthread_cond_init(&workers->more, NULL);
    workers->last = &workers->first;
    for (; workers->count < threads; workers->count++) {
        int err = pthread_create(&workers->threads[workers->count], NULL, run_worker, workers);
        if (err) {
            snprintf(why, why_bytes, "a worker thread can't be started: %s", strerror(err));
            gw_workers_stop(workers);
            return NULL;
        }
    }
    return workers;
}

int gw_workers_do(struct gw_workers *workers, gw_work_fn *run, void *user)
{
    struct work *work = malloc(sizeof *work);
    bool is_taken = false;
    if (!work)
        return -1;
    *work = (struct work){run, user, NULL};
    pthread_mutex_lock(&workers->mu);
    if (workers->waiting < MOST_WAITING && !workers->is_stopping) {
        *workers->last = work;
        workers->last = &work->next;
        workers->waiting++;
        is_taken = true;
        pthread_cond_signal(&workers->more);
    }
    pthread_mutex_unlock(&workers->mu);
    if (!is_taken)
        free(work);
    return is_taken ? 0 : -1;
}

void gw_workers_stop(struct gw_workers *workers)
{
    if (!workers)
        return;
    pthread_mutex_lock(&workers->mu);
    workers->is_stopping = true;
    pthread_cond_broadcast(&workers->more);
    pthread_mutex_unlock(&workers->mu);
    for (unsigned i = 0; i < workers->count; i++)
        pthread_join(workers->threads[i], NULL);
    pthread_cond_destroy(&workers->more);
    pthread_mutex_destroy(&workers->mu);
    free(workers);
}

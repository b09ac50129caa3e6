/* thread.c - threads with all signals blocked.
 *
 * Invariant: the new thread inherits the full mask, so that no signal can reach it before it has
 * blocked them itself; the caller's mask is restored on success and on failure.
 *
 * Happy path: block all -> pthread_create -> restore. Failure: that of pthread_create, returned.
 */
#include "base/thread.h"

#include <assert.h>
#include <signal.h>

int sx_thread_start(pthread_t *thread, void *(*run)(void *), void *user)
{
    sigset_t all, before;
    int err;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    err = pthread_create(thread, NULL, run, user);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return err;
}

/* ---- fork ---- */

enum { MOST_HELD = 8 };

static pthread_mutex_t *held[MOST_HELD];
static int held_count;

static void hold(void)
{
    int i;
    for (i = 0; i < held_count; i++)
        pthread_mutex_lock(held[i]);
}

static void let_go(void)
{
    int i;
    for (i = 0; i < held_count; i++)
        pthread_mutex_unlock(held[i]);
}

void sx_thread_hold_at_fork(pthread_mutex_t *mu)
{
    assert(held_count < MOST_HELD);
    if (!held_count) /* fails without memory alone: then a fork is what it was without this */
        (void)pthread_atfork(hold, let_go, let_go);
    held[held_count++] = mu;
}

/* thread.c - threads with all signals blocked.
 *
 * Invariant: the new thread inherits the full mask, so that no signal can reach it before it has
 * blocked them itself; the caller's mask is restored on success and on failure.
 *
 * Happy path: block all -> pthread_create -> restore. Failure: that of pthread_create, returned.
 */
#include "base/thread.h"

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

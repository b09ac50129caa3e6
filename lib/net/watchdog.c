/* watchdog.c - a thread that sleeps until the deadline, and what ends its sleep.
 *
 * Invariant: fd is a duplicate of our own or -1; once `fired` no socket is taken any more.
 *
 * Happy path: start -> watch the socket -> stop, before the deadline -> fini. Failure: the deadline
 * passes, or somebody fires: the socket is shut down, from which libstrophe learns that it is over.
 */
#include "net/watchdog.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/thread.h"

static void *run(void *arg)
{
    struct sx_watchdog *watchdog = arg;
    pthread_mutex_lock(&watchdog->mu);
    while (!watchdog->done) {
        if (sx_clock_cond_wait(&watchdog->changed, &watchdog->mu, watchdog->deadline))
            continue;
        watchdog->fired = true;
        if (watchdog->fd >= 0)
            shutdown(watchdog->fd, SHUT_RDWR);
        break;
    }
    pthread_mutex_unlock(&watchdog->mu);
    return NULL;
}

int sx_watchdog_start(struct sx_watchdog *watchdog, int64_t deadline)
{
    int err;
    watchdog->deadline = deadline;
    watchdog->fd = -1;
    watchdog->done = watchdog->fired = watchdog->joined = false;
    err = pthread_mutex_init(&watchdog->mu, NULL);
    if (err)
        return err;
    err = sx_clock_cond_init(&watchdog->changed);
    if (err)
        goto err_after_mutex;
    err = sx_thread_start(&watchdog->thread, run, watchdog);
    if (err)
        goto err_after_cond;
    return 0;

err_after_cond:
    pthread_cond_destroy(&watchdog->changed);
err_after_mutex:
    pthread_mutex_destroy(&watchdog->mu);
    return err;
}

bool sx_watchdog_watch(struct sx_watchdog *watchdog, int fd)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    bool go_on;
    pthread_mutex_lock(&watchdog->mu);
    if (watchdog->fd >= 0)
        close(watchdog->fd);
    watchdog->fd = copy;
    go_on = copy >= 0 && !watchdog->fired;
    pthread_mutex_unlock(&watchdog->mu);
    return go_on;
}

void sx_watchdog_fire(struct sx_watchdog *watchdog)
{
    pthread_mutex_lock(&watchdog->mu);
    watchdog->deadline = 0;
    pthread_cond_signal(&watchdog->changed);
    pthread_mutex_unlock(&watchdog->mu);
}

bool sx_watchdog_stop(struct sx_watchdog *watchdog)
{
    if (watchdog->joined)
        return watchdog->fired;
    pthread_mutex_lock(&watchdog->mu);
    watchdog->done = true;
    pthread_cond_signal(&watchdog->changed);
    pthread_mutex_unlock(&watchdog->mu);
    pthread_join(watchdog->thread, NULL);
    watchdog->joined = true;
    if (watchdog->fd >= 0)
        close(watchdog->fd);
    watchdog->fd = -1;
    return watchdog->fired;
}

void sx_watchdog_fini(struct sx_watchdog *watchdog)
{
    sx_watchdog_stop(watchdog);
    pthread_cond_destroy(&watchdog->changed);
    pthread_mutex_destroy(&watchdog->mu);
}

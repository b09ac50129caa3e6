/* intake.c - what the listeners of one server share.
 *
 * Each lock is held for a few instructions, but for libmicrohttpd's suspend and resume, which are
 * called under the mutex so that a request is resumed after it was suspended. */
#include "http/intake.h"

#include <errno.h>
#include <string.h>
#include <time.h>

static const int STATUSES[] = {400, 401, 408, 413, 431, 503};

void gw_intake_init(struct gw_intake *intake, struct gw_config *config, gw_server_take_fn *take,
                    void *user, int epoll)
{
    pthread_condattr_t monotonic;
    memset(intake, 0, sizeof *intake);
    pthread_mutex_init(&intake->mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&intake->change, &monotonic);
    pthread_condattr_destroy(&monotonic);
    gw_connections_init(&intake->connections, epoll);
    gw_linger_init(&intake->linger, epoll);
    intake->config = gw_config_hold(config);
    intake->take = take;
    intake->user = user;
}

void gw_intake_fini(struct gw_intake *intake)
{
    gw_linger_fini(&intake->linger);
    gw_connections_fini(&intake->connections);
    gw_config_release(intake->config);
    pthread_cond_destroy(&intake->change);
    pthread_mutex_destroy(&intake->mutex);
}

struct gw_config *gw_intake_config(struct gw_intake *intake)
{
    pthread_mutex_lock(&intake->mutex);
    struct gw_config *config = gw_config_hold(intake->config);
    pthread_mutex_unlock(&intake->mutex);
    return config;
}

void gw_intake_reload(struct gw_intake *intake, struct gw_config *config)
{
    pthread_mutex_lock(&intake->mutex);
    struct gw_config *before = intake->config;
    intake->config = gw_config_hold(config);
    pthread_mutex_unlock(&intake->mutex);
    gw_config_release(before);
}

void gw_intake_drain(struct gw_intake *intake)
{
    pthread_mutex_lock(&intake->mutex);
    intake->is_draining = true;
    pthread_mutex_unlock(&intake->mutex);
}

bool gw_intake_is_draining(struct gw_intake *intake)
{
    pthread_mutex_lock(&intake->mutex);
    bool is_draining = intake->is_draining;
    pthread_mutex_unlock(&intake->mutex);
    return is_draining;
}

void gw_intake_count_refused(struct gw_intake *intake, int status, size_t count)
{
    pthread_mutex_lock(&intake->mutex);
    for (size_t i = 0; i < sizeof STATUSES / sizeof *STATUSES; i++)
        if (STATUSES[i] == status)
            intake->counts.refused[i] += count;
    pthread_mutex_unlock(&intake->mutex);
}

bool gw_intake_hold(struct gw_intake *intake, size_t bytes, size_t limit)
{
    if (atomic_fetch_add(&intake->held_bytes, bytes) + bytes <= limit)
        return true;
    atomic_fetch_sub(&intake->held_bytes, bytes);
    return false;
}

void gw_intake_give_back(struct gw_intake *intake, size_t bytes)
{
    atomic_fetch_sub(&intake->held_bytes, bytes);
}

void gw_intake_wait(struct gw_intake *intake, unsigned sending_ms)
{
    struct timespec until;
    pthread_mutex_lock(&intake->mutex);
    while (intake->busy > 0)
        pthread_cond_wait(&intake->change, &intake->mutex);
    intake->is_closed = true;
    while (intake->checking > 0)
        pthread_cond_wait(&intake->change, &intake->mutex);
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += sending_ms / 1000;
    while (intake->unsent > 0 &&
           pthread_cond_timedwait(&intake->change, &intake->mutex, &until) != ETIMEDOUT)
        continue;
    pthread_mutex_unlock(&intake->mutex);
}

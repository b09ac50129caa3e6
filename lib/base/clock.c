/* clock.c - monotonic time, and deadlines on it.
 *
 * Invariant: arithmetic saturates, so a deadline that was asked for in the future never lies in the
 * past, and SX_NEVER stays SX_NEVER. Setting the machine's clock moves no deadline: condition
 * variables wait on CLOCK_MONOTONIC as well.
 *
 * Happy path: deadline = sx_clock_deadline(us), then sx_clock_cond_wait() until it says false.
 * Failure modes: none of its own; CLOCK_MONOTONIC exists wherever this library builds.
 */
#include "base/clock.h"

#include <errno.h>
#include <limits.h>
#include <time.h>

enum { US_PER_S = 1000000, US_PER_MS = 1000, NS_PER_US = 1000 };

static int64_t read_us(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / NS_PER_US;
}

int64_t sx_clock_now_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

struct sx_clock_moment sx_clock_moment(void)
{
    return (struct sx_clock_moment){read_us(CLOCK_BOOTTIME), read_us(CLOCK_REALTIME)};
}

/* A virtual machine that was halted learns of it by the time of day, if at all. */
int64_t sx_clock_since_us(const struct sx_clock_moment *moment)
{
    struct sx_clock_moment now = sx_clock_moment();
    int64_t boot_us = now.boot_us - moment->boot_us, wall_us = now.wall_us - moment->wall_us;
    return boot_us > wall_us ? boot_us : wall_us;
}

int64_t sx_clock_deadline(int64_t us)
{
    int64_t now_us = sx_clock_now_us();
    if (us < 0 || us > SX_NEVER - now_us)
        return SX_NEVER;
    return now_us + us;
}

int sx_clock_poll_ms(int64_t deadline)
{
    int64_t now_us, left_ms;
    if (deadline == SX_NEVER)
        return -1;
    now_us = sx_clock_now_us();
    if (deadline <= now_us)
        return 0;
    /* Rounded up: rounded down, poll() would return early and spin through the last millisecond. */
    left_ms = (deadline - now_us - 1) / US_PER_MS + 1;
    return left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

int sx_clock_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attributes;
    int err = pthread_condattr_init(&attributes);
    if (err)
        return err;
    err = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    if (!err)
        err = pthread_cond_init(cond, &attributes);
    pthread_condattr_destroy(&attributes);
    return err;
}

bool sx_clock_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mu, int64_t deadline)
{
    struct timespec until;
    if (deadline == SX_NEVER) {
        pthread_cond_wait(cond, mu);
        return true;
    }
    if (deadline < 0)
        deadline = 0; /* a negative tv_nsec would be EINVAL, taken for a wake-up: a busy loop */
    until.tv_sec = (time_t)(deadline / US_PER_S);
    until.tv_nsec = (long)(deadline % US_PER_S) * NS_PER_US;
    return pthread_cond_timedwait(cond, mu, &until) != ETIMEDOUT;
}

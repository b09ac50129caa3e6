/* clock.h - monotonic time in microseconds, and waiting on it.
 *
 * A deadline is an absolute time of this clock; SX_NEVER is the one that never comes.
 */
#ifndef SX_BASE_CLOCK_H
#define SX_BASE_CLOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define SX_NEVER INT64_MAX

int64_t sx_clock_now_us(void);

/* A moment, to measure a time that must not come out too short: the clock of deadlines stands still
 * while the machine sleeps, and these two don't. All zero: none. */
struct sx_clock_moment {
    int64_t boot_us, wall_us; /* CLOCK_BOOTTIME, CLOCK_REALTIME */
};
struct sx_clock_moment sx_clock_moment(void);

/* The time since then, the machine's sleep included: the longer one of what both clocks say. So it
 * is too long if the time of day was set forward. */
int64_t sx_clock_since_us(const struct sx_clock_moment *moment);

/* now + us, saturating; us < 0 is SX_NEVER. */
int64_t sx_clock_deadline(int64_t us);

/* Milliseconds until deadline for poll(): rounded up, 0 if past, -1 for SX_NEVER. */
int sx_clock_poll_ms(int64_t deadline);

/* A condition variable on this clock. Returns 0 or an errno. */
int sx_clock_cond_init(pthread_cond_t *cond);

/* Waits until signalled or the deadline; false when the deadline has passed. May wake
 * spuriously with true. */
bool sx_clock_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mu, int64_t deadline);

#endif

/* backoff.h - how long to wait before the next attempt.
 *
 * Noun: the back-off. Exponential, with full jitter: anything from 0 to a bound that doubles with
 * each attempt, 0.5 s to 60 s, so that a thousand links that a restarted server threw off don't
 * come back in step. Who was refused comes back rarely: a server may lock an account for less.
 *
 * Thread: the owner's. A zeroed struct is ready for use.
 */
#ifndef SX_NET_BACKOFF_H
#define SX_NET_BACKOFF_H

#include <stdint.h>

struct sx_backoff {
    int64_t bound_us; /* of the last wait; 0: the next is the first */
};

/* The next wait is the first again. */
void sx_backoff_reset(struct sx_backoff *backoff);

/* How long to wait now; random: 64 bits of it. */
int64_t sx_backoff_next_us(struct sx_backoff *backoff, uint64_t random);

/* How long to wait after so many refusals in a row (from 1): 1, 2, 5, then 10 minutes, and up to
 * half as much again. */
int64_t sx_backoff_refused_us(unsigned refusals, uint64_t random);

/* How long after a refusal to look for the first time whether something has changed that it may
 * have been about, when so many attempts have followed a change in vain: from 2 s, doubling, to 10
 * minutes. A file that is written again and again doesn't get an account locked. */
int64_t sx_backoff_look_us(unsigned changes);

#endif

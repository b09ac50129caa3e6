/* backoff.c - a bound that doubles, and a random time below it.
 *
 * Invariant: bound_us is 0 or lies between FIRST_BOUND_US and LAST_BOUND_US. Nothing can fail.
 */
#include "net/backoff.h"

enum {
    FIRST_BOUND_US = 500000,
    LAST_BOUND_US = 60000000,
    MINUTE_US = 60000000,
    FIRST_LOOK_US = 2000000,
    LAST_LOOK_US = 10 * MINUTE_US,
    MOST_DOUBLINGS = 9, /* of a look: 2 s to over 10 minutes */
};

void sx_backoff_reset(struct sx_backoff *backoff)
{
    backoff->bound_us = 0;
}

int64_t sx_backoff_next_us(struct sx_backoff *backoff, uint64_t random)
{
    backoff->bound_us = backoff->bound_us ? 2 * backoff->bound_us : FIRST_BOUND_US;
    if (backoff->bound_us > LAST_BOUND_US)
        backoff->bound_us = LAST_BOUND_US;
    return (int64_t)(random % (uint64_t)(backoff->bound_us + 1));
}

int64_t sx_backoff_refused_us(unsigned refusals, uint64_t random)
{
    static const int minutes[] = {1, 2, 5, 10};
    enum { LAST = sizeof minutes / sizeof minutes[0] };
    unsigned nth = refusals < 1 ? 1 : refusals < LAST ? refusals : LAST;
    int64_t least_us = (int64_t)minutes[nth - 1] * MINUTE_US;
    return least_us + (int64_t)(random % (uint64_t)(least_us / 2 + 1));
}

int64_t sx_backoff_look_us(unsigned changes)
{
    int64_t us = (int64_t)FIRST_LOOK_US << (changes < MOST_DOUBLINGS ? changes : MOST_DOUBLINGS);
    return us < LAST_LOOK_US ? us : LAST_LOOK_US;
}

/* clock.c - the monotonic clock.
 *
 * Invariant: it never goes back, and setting the machine's clock doesn't move it. Failure modes:
 * none; CLOCK_MONOTONIC exists wherever this builds. */
#include "base/clock.h"

#include <time.h>

long long gw_clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

long long gw_clock_ms(void)
{
    return gw_clock_us() / 1000;
}

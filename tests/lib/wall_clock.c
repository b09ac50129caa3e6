/* wall_clock.c - how far the clock is off. */
#include "wall_clock.h"

#include <stdatomic.h>
#include <stdint.h>

#include "base/clock.h"

static _Atomic int64_t offset_s;

__typeof__(sx_clock_moment) __wrap_sx_clock_moment, __real_sx_clock_moment;

static time_t true_time(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec;
}

time_t time(time_t *seconds)
{
    time_t now = true_time() + offset_s;
    if (seconds)
        *seconds = now;
    return now;
}

struct sx_clock_moment __wrap_sx_clock_moment(void)
{
    struct sx_clock_moment moment = __real_sx_clock_moment();
    moment.wall_us += offset_s * 1000000;
    return moment;
}

void wall_clock_set(time_t now)
{
    offset_s = now - true_time();
}

void wall_clock_release(void)
{
    offset_s = 0;
}

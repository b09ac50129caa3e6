/* stopped_clock.c - a time for each thread, or none. */
#include "stopped_clock.h"

#include <stdbool.h>

#include "base/clock.h"

static _Thread_local int64_t time_us;
static _Thread_local bool is_stopped;

__typeof__(sx_clock_now_us) __wrap_sx_clock_now_us, __real_sx_clock_now_us;

int64_t __wrap_sx_clock_now_us(void)
{
    return is_stopped ? time_us : __real_sx_clock_now_us();
}

void stopped_clock_set(int64_t now_us)
{
    time_us = now_us;
    is_stopped = true;
}

void stopped_clock_release(void)
{
    is_stopped = false;
}

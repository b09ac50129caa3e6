/* refused_wait.c - one wait for all links, or none. */
#include "refused_wait.h"

#include <stdatomic.h>

#include "net/backoff.h"

static _Atomic int64_t wait_us;

__typeof__(sx_backoff_refused_us) __wrap_sx_backoff_refused_us, __real_sx_backoff_refused_us;

int64_t __wrap_sx_backoff_refused_us(unsigned refusals, uint64_t random)
{
    int64_t us = wait_us;
    return us ? us : __real_sx_backoff_refused_us(refusals, random);
}

void refused_wait_set(int64_t us)
{
    wait_us = us;
}

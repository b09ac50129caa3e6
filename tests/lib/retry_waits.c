/* retry_waits.c - one wait of each kind for all links, or none. */
#include "retry_waits.h"

#include <stdatomic.h>
#include <stddef.h>

#include "net/backoff.h"

static _Atomic int64_t next_us, refused_us, look_us;

__typeof__(sx_backoff_next_us) __wrap_sx_backoff_next_us, __real_sx_backoff_next_us;
__typeof__(sx_backoff_refused_us) __wrap_sx_backoff_refused_us, __real_sx_backoff_refused_us;
__typeof__(sx_backoff_look_us) __wrap_sx_backoff_look_us, __real_sx_backoff_look_us;

int64_t __wrap_sx_backoff_next_us(struct sx_backoff *backoff, uint64_t random)
{
    int64_t us = next_us;
    return us ? us : __real_sx_backoff_next_us(backoff, random);
}

int64_t __wrap_sx_backoff_refused_us(unsigned refusals, uint64_t random)
{
    int64_t us = refused_us;
    return us ? us : __real_sx_backoff_refused_us(refusals, random);
}

int64_t __wrap_sx_backoff_look_us(unsigned changes)
{
    int64_t us = look_us;
    return us ? us : __real_sx_backoff_look_us(changes);
}

void retry_waits_set(const struct retry_waits *waits)
{
    next_us = waits ? waits->next_us : 0;
    refused_us = waits ? waits->refused_us : 0;
    look_us = waits ? waits->look_us : 0;
}

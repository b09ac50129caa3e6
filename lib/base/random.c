/* random.c - getrandom(), and what to do when it fails.
 *
 * Invariant: sx_random_fill() says true only if every byte came from the kernel.
 *
 * Happy path: one system call. Failure: a kernel or a seccomp filter without getrandom(): false, or
 * the clock where guessing does no harm.
 */
#include "base/random.h"

#include <assert.h>
#include <errno.h>
#include <sys/random.h>

#include "base/clock.h"

bool sx_random_fill(void *out, size_t len)
{
    ssize_t drawn;
    assert(len <= SX_RANDOM_MOST_BYTES);
    do
        drawn = getrandom(out, len, 0);
    while (drawn < 0 && errno == EINTR);
    return drawn == (ssize_t)len;
}

uint64_t sx_random_number(void)
{
    uint64_t number;
    return sx_random_fill(&number, sizeof number) ? number : (uint64_t)sx_clock_now_us();
}

/* host.c - what a link asks of its machine, answered by the fuzzer.
 *
 * Invariant: one thread; a turn happens with the waiter's mutex given back, and never inside
 * another one.
 */
#include "host.h"

#include <string.h>

#include "base/clock.h"
#include "base/random.h"
#include "link/session.h"
#include "fuzz.h"

enum { BEGIN_US = 1000000000 };

static struct {
    int64_t now_us, until_us; /* until: the deadline of who waits, SX_NEVER: nobody does */
    uint64_t seed;
    host_turn_fn *turn;
    host_post_fn *post;
    void *user;
    struct sx_loop_callbacks callbacks;
} host;

void host_begin(uint64_t seed, host_turn_fn *turn, host_post_fn *post, void *user)
{
    memset(&host, 0, sizeof host);
    host.now_us = BEGIN_US;
    host.until_us = SX_NEVER;
    host.seed = seed | 1;
    host.turn = turn;
    host.post = post;
    host.user = user;
}

int64_t host_now_us(void)
{
    return host.now_us;
}

bool host_is_waiting(void)
{
    return host.until_us != SX_NEVER;
}

void host_pass_us(int64_t us)
{
    host.now_us = us < host.until_us - host.now_us ? host.now_us + us : host.until_us;
}

struct sx_loop_callbacks host_callbacks(void)
{
    return host.callbacks;
}

/* ---- the clock ---- */

__typeof__(sx_clock_now_us) __wrap_sx_clock_now_us;
__typeof__(sx_clock_deadline) __wrap_sx_clock_deadline;
__typeof__(sx_clock_moment) __wrap_sx_clock_moment;
__typeof__(sx_clock_since_us) __wrap_sx_clock_since_us;
__typeof__(sx_clock_cond_wait) __wrap_sx_clock_cond_wait;

int64_t __wrap_sx_clock_now_us(void)
{
    return host.now_us;
}

int64_t __wrap_sx_clock_deadline(int64_t us)
{
    return us < 0 || us > SX_NEVER - host.now_us ? SX_NEVER : host.now_us + us;
}

struct sx_clock_moment __wrap_sx_clock_moment(void)
{
    return (struct sx_clock_moment){host.now_us, host.now_us};
}

int64_t __wrap_sx_clock_since_us(const struct sx_clock_moment *moment)
{
    return host.now_us - moment->boot_us;
}

bool __wrap_sx_clock_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mu, int64_t deadline)
{
    (void)cond;
    if (deadline <= host.now_us)
        return false;
    CLAIM(!host_is_waiting() && deadline != SX_NEVER);
    pthread_mutex_unlock(mu);
    host.until_us = deadline;
    host.turn(host.user);
    host.until_us = SX_NEVER;
    pthread_mutex_lock(mu);
    return host.now_us < deadline;
}

/* ---- chance: xorshift64 ---- */

__typeof__(sx_random_fill) __wrap_sx_random_fill;
__typeof__(sx_random_number) __wrap_sx_random_number;

uint64_t __wrap_sx_random_number(void)
{
    host.seed ^= host.seed << 13;
    host.seed ^= host.seed >> 7;
    host.seed ^= host.seed << 17;
    return host.seed;
}

bool __wrap_sx_random_fill(void *out, size_t len)
{
    unsigned char *byte = out;
    for (; len; len--)
        *byte++ = (unsigned char)(__wrap_sx_random_number() >> 24);
    return true;
}

/* ---- loops ---- */

__typeof__(sx_session_new) __wrap_sx_session_new, __real_sx_session_new;
__typeof__(sx_loop_post) __wrap_sx_loop_post;
__typeof__(sx_loop_post_again) __wrap_sx_loop_post_again;
__typeof__(sx_loop_unread_us) __wrap_sx_loop_unread_us;

struct sx_session *__wrap_sx_session_new(const struct soap_xmpp_config *config,
                                         const struct sx_loop_callbacks *callbacks, char *why,
                                         size_t why_bytes)
{
    host.callbacks = *callbacks;
    return __real_sx_session_new(config, callbacks, why, why_bytes);
}

enum sx_err __wrap_sx_loop_post(struct sx_loop *loop, uint64_t session, char *stanza, size_t len,
                                bool keeps_order, int64_t deadline)
{
    (void)keeps_order, (void)deadline;
    return host.post(host.user, loop, session, stanza, len);
}

enum sx_err __wrap_sx_loop_post_again(struct sx_loop *loop, uint64_t session, char *stanza,
                                      size_t len, bool keeps_order)
{
    (void)keeps_order;
    return host.post(host.user, loop, session, stanza, len);
}

/* What is posted is there at once. */
int64_t __wrap_sx_loop_unread_us(struct sx_loop *loop)
{
    (void)loop;
    return SX_NEVER;
}

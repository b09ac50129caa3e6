/* retry_waits.h - short waits before an attempt to connect, in the place of minutes.
 *
 * For programs linked with --wrap of sx_backoff_next_us, sx_backoff_refused_us and
 * sx_backoff_look_us (mk/tests.mk). For all links. Any thread.
 */
#ifndef TESTS_RETRY_WAITS_H
#define TESTS_RETRY_WAITS_H

#include <stdint.h>

/* In microseconds; 0: the true wait. */
struct retry_waits {
    int64_t next_us;    /* after an accident */
    int64_t refused_us; /* after a refusal */
    int64_t look_us;    /* until it is looked for changes */
};

void retry_waits_set(const struct retry_waits *waits); /* copied; NULL: the true ones again */

#endif

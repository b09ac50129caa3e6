/* refused_wait.h - a short wait after a refusal, in the place of minutes.
 *
 * For programs linked with --wrap=sx_backoff_refused_us (mk/tests.mk). Any thread.
 */
#ifndef TESTS_REFUSED_WAIT_H
#define TESTS_REFUSED_WAIT_H

#include <stdint.h>

void refused_wait_set(int64_t us); /* 0: the true one again */

#endif

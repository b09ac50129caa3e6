/* stopped_clock.h - a clock of the library's that stands where the test puts it.
 *
 * For programs linked with --wrap=sx_clock_now_us (mk/tests.mk). It is the calling thread's alone:
 * those of links go on by the true one, and so does sx_clock_deadline.
 */
#ifndef TESTS_STOPPED_CLOCK_H
#define TESTS_STOPPED_CLOCK_H

#include <stdint.h>

void stopped_clock_set(int64_t now_us);
void stopped_clock_release(void); /* the true one again */

#endif

/* wall_clock.h - a machine whose clock is set wrong: the time of day, for this library and OpenSSL.
 *
 * For programs linked with --wrap=sx_clock_moment (mk/tests.mk). They also have a time() of their
 * own, which shared libraries call in libc's place. Any thread.
 */
#ifndef TESTS_WALL_CLOCK_H
#define TESTS_WALL_CLOCK_H

#include <time.h>

/* It is this time now, and goes on from here. */
void wall_clock_set(time_t now);
void wall_clock_release(void); /* set right */

#endif

/* owner.h - who owns a loop in a test, and cares for a part of what it tells.
 *
 * Noun: the owner. A test takes its callbacks and replaces those that it wants.
 */
#ifndef TESTS_OWNER_H
#define TESTS_OWNER_H

#include "net/loop.h"

/* They do nothing with what they are told, want nothing, and stay offline after the first attempt.
 */
struct sx_loop_callbacks owner_callbacks(void *user);

#endif

/* scale.h - how much the tests ask of the servers.
 *
 * Everything, where a server takes what comes. Servers as Debian configures them (tools/daemon.sh,
 * CONFIG=debian) take 3,000 or 10,000 bytes a second from a client. There the same tests make fewer
 * calls with smaller messages and, in proportion, smaller limits, so that each takes seconds. All
 * proportions are here; where two things stand in none, a test names both (scale_of).
 *
 * A process has servers of one kind. No function blocks; any thread.
 */
#ifndef TESTS_SCALE_H
#define TESTS_SCALE_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the servers are configured as Debian does it. */
bool scale_is_small(void);

/* The first of the two, or the second where scale_is_small(). */
size_t scale_of(size_t full, size_t small);

/* Bytes that travel, and limits that such bytes are to reach: a 64th, never over 64 KiB. */
size_t scale_bytes(size_t bytes);

/* Calls, requests, repetitions: a tenth, and one at least. */
int scale_calls(int calls);

/* max_outgoing_bytes for a link whose scaled messages are to go in pieces: 0 (the default) or the
 * least that there is. */
size_t scale_outgoing_bytes(void);

/* Seconds that a call may take if its message is a scaled one. */
int scale_seconds(int seconds);

#endif

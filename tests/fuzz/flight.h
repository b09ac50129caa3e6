/* flight.h - the stanzas that are under way between servers.
 *
 * Noun: the flight. A stanza is in it once, as the server of its sender has stamped it, until it is
 * taken out: to arrive, or to get lost. One thread.
 */
#ifndef TESTS_FUZZ_FLIGHT_H
#define TESTS_FUZZ_FLIGHT_H

#include <stdbool.h>

enum { FLIGHT_STANZAS = 96, FLIGHT_JID_BYTES = 64, FLIGHT_ID_BYTES = 200 };

struct flying {
    char *stanza;
    char from[FLIGHT_JID_BYTES], to[FLIGHT_JID_BYTES], id[FLIGHT_ID_BYTES];
    bool is_request; /* to be answered, and returned if nobody is there */
};

/* All zero: none. */
struct flight {
    struct flying items[FLIGHT_STANZAS];
    unsigned count;
};

/* Copies it, and says who it is from, if it doesn't. to NULL: to whom it says. Without room it is
 * lost. */
void flight_add(struct flight *flight, const char *from, const char *to, const char *stanza);

/* Number i, whose stanza is the caller's to free. */
struct flying flight_take(struct flight *flight, unsigned i);

/* What a server says to the sender of a request in its receiver's place. */
void flight_return(struct flight *flight, const struct flying *flying, const char *condition);

void flight_fini(struct flight *flight);

#endif

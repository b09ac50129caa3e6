/* fact.h - what an entity says of itself, or is known of a stream: kind, name and value, in a list.
 *
 * Noun: the fact. A list is bytes: of each fact kind, name and value, each NUL-terminated; an empty
 * kind ends it.
 *
 * Invariant: a list holds SX_FACTS facts at most, whose texts are shorter than SX_FACT_BYTES.
 *
 * Pure functions, any thread.
 */
#ifndef SX_WIRE_FACT_H
#define SX_WIRE_FACT_H

#include "base/buffer.h"

enum { SX_FACTS = 1000, SX_FACT_BYTES = 1024 /* with NUL */ };

struct sx_fact {
    const char *kind, *name, *value; /* inside the list */
};

/* A list that is being made. All zero at first. */
struct sx_facts {
    struct sx_buffer bytes;
    unsigned count;
};

/* Appends a fact; NULL is "". One without a kind, or whose kind or name is too long, is left out,
 * and so are those that are too many; a value is cut between characters. Errors show in
 * bytes.failed. */
void sx_facts_add(struct sx_facts *facts, const char *kind, const char *name, const char *value);

/* The list (malloc'ed), which becomes the caller's; NULL: no memory. facts is as at first. */
char *sx_facts_take(struct sx_facts *facts);

/* A copy of a list, malloc'ed; NULL: no memory. */
char *sx_facts_copy(const char *list);

/* The first fact of a list, or of what is left of it; what is left behind it. NULL, *fact
 * untouched: there is none. */
const char *sx_facts_next(const char *list, struct sx_fact *fact);

#endif

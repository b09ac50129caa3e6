/* refusals.h - messages that were said not to be run, by id.
 *
 * Noun: the refusals. Servers may make two of a message, and what forbade the first copy may be
 * gone when the second one comes: a rule, a shortage. Its caller was told that nothing runs.
 *
 * Invariant: the last SX_REFUSALS messages that were noted are there, and a message that wasn't
 * noted is there with a probability of one in 2^54 at most.
 *
 * Thread: the loop's. Nothing blocks.
 */
#ifndef SX_REQUEST_REFUSALS_H
#define SX_REQUEST_REFUSALS_H

#include <stdbool.h>

/* Nothing in the journal: whoever may not call could fill it, and others' answers would go. */
enum { SX_REFUSALS = 1000 };

struct sx_refusals;

struct sx_refusals *sx_refusals_new(void); /* NULL: no memory */
void sx_refusals_free(struct sx_refusals *refusals);

/* from: whose message it was; its resource doesn't matter, as in the journal. An id that no caller
 * of this library made is not noted: others may give one to several messages. */
void sx_refusals_note(struct sx_refusals *refusals, const char *from, const char *id);
bool sx_refusals_has(const struct sx_refusals *refusals, const char *from, const char *id);

#endif

/* outlet.h - stanzas that the loop thread has and libstrophe hasn't yet: which one leaves next.
 *
 * Noun: the outlet of one link. What libstrophe has leaves in its order, so that little is given to
 * it while the server reads slowly (speed.h): a small stanza that comes later can still go first.
 *
 * Two lanes. Prompt: iqs of SX_OUTLET_PROMPT_BYTES at most, which are never held back. Large: all
 * others, and those that keep their order.
 *
 * Invariant: within a lane stanzas leave in the order in which they were added. Unless the
 * server is slow, or one has to wait, they do so across both.
 *
 * Happy path: begin -> add, next, next ... NULL -> the server reads -> next ... -> clear.
 * Failure: there is none; who waits is seen by sx_outlet_is_waiting.
 *
 * Thread: the loop thread.
 */
#ifndef SX_NET_OUTLET_H
#define SX_NET_OUTLET_H

#include "net/inbox.h"
#include "net/speed.h"

enum { SX_OUTLET_PROMPT_BYTES = 4096 };

struct sx_outlet_lane {
    struct sx_inbox_item *first, *last;
    size_t bytes;
};

struct sx_outlet {
    struct sx_speed speed; /* marks, answers and looks are the owner's */
    /* outlet.c's */
    struct sx_outlet_lane prompt, large;
    uint64_t added;
};

/* Takes the items. */
void sx_outlet_add(struct sx_outlet *outlet, struct sx_inbox_item *items);

/* The one that leaves now, which the speed knows of: the caller's to write and free. NULL: there is
 * none, or it has to wait. */
struct sx_inbox_item *sx_outlet_next(struct sx_outlet *outlet, int64_t now_us);

/* A large one is there, and may not begin. */
bool sx_outlet_is_waiting(const struct sx_outlet *outlet);

/* Large ones that were posted before this are known to be read; SX_NEVER: all that were added. */
int64_t sx_outlet_unread_us(const struct sx_outlet *outlet);

size_t sx_outlet_bytes(const struct sx_outlet *outlet);

/* Frees what is there: the session is over. */
void sx_outlet_clear(struct sx_outlet *outlet);

#endif

/* memory.h - how much memory all peers together may make a link hold, and who holds how much of it.
 *
 * Noun: the memory that peers may take. Whoever keeps bytes because of a peer takes so many from it
 * first, by a *charge*, and gives them back when it frees them. What can't be taken isn't kept: its
 * holder refuses, each in its own way. Bytes are only counted here.
 *
 * Invariant: held bytes are the sum of all charges, and never more than max_bytes. A share is there
 * exactly while its owner has charges of more than SX_MEMORY_SMALL_BYTES.
 *
 * Kinds: each has an eighth for itself, the other half is for whoever comes first. So whatever
 * peers fill, the other kinds go on: while nobody fetches large answers, requests are run; while
 * requests wait, those that ran are answered; whatever callers hold, answers to our calls find
 * room.
 *
 * Shares: an owner is all that stands before the first slash of its name, so that an account's many
 * resources are one. An owner that has something of a kind may take more of it only while that,
 * with the new bytes, is no more than what is free for the kind: one alone gets half, the next one
 * half of what is left, and so on. What it has of other kinds doesn't count: else who has much to
 * be read could neither be read to the end nor be answered. Charges of SX_MEMORY_SMALL_BYTES or
 * less need no share: how many there are of them is bounded elsewhere, by number.
 *
 * Happy path: take ... take -> give. Failure: no room, or no memory for a share: false, counted,
 * and one line a second in the trace.
 *
 * Thread: any, a charge one at a time; one mutex. Not with a lock held: it may write a trace line.
 */
#ifndef SX_BASE_MEMORY_H
#define SX_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/trace.h"

enum { SX_MEMORY_SMALL_BYTES = 8192 };

enum sx_memory_kind {
    SX_MEMORY_REQUEST, /* what waits: requests that nobody has read yet, transfers that come */
    SX_MEMORY_READING, /* what was read of a request */
    SX_MEMORY_ANSWER,  /* to a request, on its way */
    SX_MEMORY_REPLY,   /* to a call or question of ours */
    SX_MEMORY_KINDS
};

struct sx_memory;
struct sx_memory_share;

/* What one holder has taken. Zero: nothing. May be moved, not copied. */
struct sx_charge {
    struct sx_memory *memory;
    struct sx_memory_share *share; /* NULL: none is needed */
    size_t bytes[SX_MEMORY_KINDS];
};

struct sx_memory_counts {
    size_t max_bytes, held_bytes, most_bytes; /* most: ever held */
    size_t free_bytes[SX_MEMORY_KINDS];       /* for an owner that has none */
    unsigned long owners;                     /* with a share */
    unsigned long refused;
};

/* trace outlives it. NULL: no memory. */
struct sx_memory *sx_memory_new(size_t max_bytes, const struct sx_trace *trace);
void sx_memory_free(struct sx_memory *memory); /* asserts that nothing is held; NULL allowed */

/* Adds so many bytes to the charge, which is zero, or of this memory and owner. False: there is no
 * room, the charge stays as it was. who NULL: our own server. memory NULL: nothing is counted. */
bool sx_memory_take(struct sx_memory *memory, enum sx_memory_kind kind, const char *who,
                    size_t bytes, struct sx_charge *charge);

/* Gives all of it back, and zeroes the charge. */
void sx_memory_give(struct sx_charge *charge);

/* Of all kinds. */
size_t sx_memory_charged_bytes(const struct sx_charge *charge);

void sx_memory_count(struct sx_memory *memory, struct sx_memory_counts *counts);

#endif

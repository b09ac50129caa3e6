/* memory.h - how much memory all peers together may make a link hold, and who holds how much of it.
 *
 * Noun: the memory that peers may take. Whoever keeps bytes because of a peer first takes as many
 * from it, by a *charge*, and gives them back when it frees the bytes. Bytes are only counted here.
 * If there is no room they must not be kept: each holder refuses in its own way.
 *
 * Invariant: held bytes are the sum of all charges, and never more than max_bytes. An owner has a
 * share exactly while it has a charge of more than SX_MEMORY_SMALL_BYTES.
 *
 * Kinds: an eighth of the memory is reserved for each of four, the other half is for whoever comes
 * first. So if peers fill one kind, the others go on: while nobody fetches large answers, requests
 * are run; while requests wait, those that ran are answered; whatever callers hold, answers to our
 * calls find room. The program's own calls that wait to be sent have nothing reserved, and take of
 * the half alone.
 *
 * Shares: an owner is what stands before the first slash of a name, so all resources of an account
 * are one owner. While it has nothing of a kind it may take all that is free for that kind. To take
 * more, what it has of the kind, with the new bytes, must be no more than what is free: so piece by
 * piece one owner gets half, the next one half of what is left, and so on. What it has of other
 * kinds doesn't count, or else the owner of a large request could neither be read to the end nor be
 * answered. Charges of SX_MEMORY_SMALL_BYTES or less need no share: their number is bounded
 * elsewhere.
 *
 * Happy path: take ... take -> give. Failure: no room, or no memory for a share: false, counted,
 * and one line a second in the trace.
 *
 * Thread: any, but one at a time for each charge; one mutex. Nothing waits for room. Callers hold
 * no lock, because take may write a trace line.
 */
#ifndef SX_BASE_MEMORY_H
#define SX_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/trace.h"

enum { SX_MEMORY_SMALL_BYTES = 8192 };

enum sx_memory_kind {
    SX_MEMORY_REQUEST, /* requests that wait to be read, and transfers that arrive */
    SX_MEMORY_READING, /* what a worker has read of a request, unpacked */
    SX_MEMORY_ANSWER,  /* large answers to requests, on their way */
    SX_MEMORY_REPLY,   /* answers to calls and questions of ours */
    SX_MEMORY_CALL,    /* calls of ours that wait for their peer or the link; nothing is reserved */
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
    size_t max_bytes, held_bytes, most_bytes; /* most: the largest held_bytes so far */
    size_t free_bytes[SX_MEMORY_KINDS];       /* for an owner that has nothing of it */
    unsigned long owners;                     /* with a share */
    unsigned long refused;                    /* how many takes */
};

/* trace outlives it. NULL: no memory. */
struct sx_memory *sx_memory_new(size_t max_bytes, const struct sx_trace *trace);
void sx_memory_free(struct sx_memory *memory); /* asserts that nothing is held; NULL allowed */

/* Adds so many bytes to the charge, which is zero, or of this memory and owner. who: the owner's
 * JID, with or without a resource; NULL: our own server. False: there is no room, and the charge is
 * as it was. memory NULL: nothing is counted, and it returns true. */
bool sx_memory_take(struct sx_memory *memory, enum sx_memory_kind kind, const char *who,
                    size_t bytes, struct sx_charge *charge);

/* Gives all of it back, and zeroes the charge. One that is zero is left alone. */
void sx_memory_give(struct sx_charge *charge);

/* Of all kinds. */
size_t sx_memory_charged_bytes(const struct sx_charge *charge);

void sx_memory_count(struct sx_memory *memory, struct sx_memory_counts *counts);

#endif

/* heap.h - what has a time, soonest first; among equal times what was set first.
 *
 * Noun: the heap, a binary one. The entries are members of its user's structs, and know their
 * place, so that each can be moved and taken out. Setting a time takes steps that grow with the
 * logarithm of the number of entries; none of the functions but init can fail.
 *
 * Thread: whoever holds the user's lock.
 */
#ifndef SX_EXCHANGE_HEAP_H
#define SX_EXCHANGE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sx_heap_entry {
    int64_t at_us;
    uint64_t turn; /* decides between equal times */
    size_t place;  /* from 1; 0: not in the heap */
};

/* What is compared stands in the heap itself: calls lie far apart in memory. */
struct sx_heap_slot {
    int64_t at_us;
    uint64_t turn;
    struct sx_heap_entry *entry;
};

struct sx_heap {
    struct sx_heap_slot *slots; /* [0] to [count - 1]; none is later than its two children */
    size_t count, capacity;
    uint64_t turns;
    unsigned long steps; /* entries that were compared or moved, so far */
};

/* Room for so many entries; false: no memory. */
bool sx_heap_init(struct sx_heap *heap, size_t capacity);
void sx_heap_fini(struct sx_heap *heap); /* one that is all zero, too */

/* An entry that is in no heap, at SX_NEVER. */
void sx_heap_entry_init(struct sx_heap_entry *entry);

/* Puts the entry where its time is now, behind all of the same time. SX_NEVER takes it out. */
void sx_heap_set(struct sx_heap *heap, struct sx_heap_entry *entry, int64_t at_us);

/* The soonest, NULL: there is none. */
struct sx_heap_entry *sx_heap_first(const struct sx_heap *heap);

#endif

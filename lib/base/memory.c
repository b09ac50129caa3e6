/* memory.c - a number for each kind, a tree of shares beside them. Invariants: memory.h.
 *
 * Happy path: take finds room for the kind, then in the owner's share, and adds to both -> give
 * takes from both; a share that has become empty goes. Failure: nothing was added to either.
 */
#include "base/memory.h"

#include <assert.h>
#include <pthread.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum { PARTS = 8 /* one for each kind but the last, the others for all */ };

/* Who has large charges, and how much of each kind. */
struct sx_memory_share {
    size_t bytes[SX_MEMORY_KINDS];
    char who[];
};

struct sx_memory {
    /* immutable */
    size_t max_bytes;
    const struct sx_trace *trace;
    /* under mu */
    pthread_mutex_t mu;
    size_t kind_bytes[SX_MEMORY_KINDS];
    void *by_who; /* a tree, see tsearch(3): no peer can make it lopsided */
    struct sx_memory_counts counts;
    struct sx_trace_rate refusals;
};

struct sx_memory *sx_memory_new(size_t max_bytes, const struct sx_trace *trace)
{
    struct sx_memory *memory = calloc(1, sizeof *memory);
    if (!memory)
        return NULL;
    memory->max_bytes = memory->counts.max_bytes = max_bytes;
    memory->trace = trace;
    if (pthread_mutex_init(&memory->mu, NULL)) {
        free(memory);
        return NULL;
    }
    return memory;
}

void sx_memory_free(struct sx_memory *memory)
{
    if (!memory)
        return;
    assert(memory->counts.held_bytes == 0 && memory->counts.owners == 0);
    pthread_mutex_destroy(&memory->mu);
    free(memory);
}

/* ---- shares ---- */

static int compare_shares(const void *a, const void *b)
{
    return strcmp(((const struct sx_memory_share *)a)->who,
                  ((const struct sx_memory_share *)b)->who);
}

/* The owner's share, entered if it is a new one. NULL: no memory. */
static struct sx_memory_share *find_share_locked(struct sx_memory *memory, const char *who)
{
    size_t len = who ? strcspn(who, "/") : 0;
    struct sx_memory_share *share = calloc(1, sizeof *share + len + 1), **node;
    if (!share)
        return NULL;
    if (len)
        memcpy(share->who, who, len);
    node = tsearch(share, &memory->by_who, compare_shares);
    if (!node || *node != share) {
        free(share);
        return node ? *node : NULL;
    }
    memory->counts.owners++;
    return share;
}

static void give_share_locked(struct sx_memory *memory, const struct sx_charge *charge)
{
    struct sx_memory_share *share = charge->share;
    bool is_empty = true;
    int kind;
    for (kind = 0; kind < SX_MEMORY_KINDS; kind++) {
        share->bytes[kind] -= charge->bytes[kind];
        is_empty = is_empty && !share->bytes[kind];
    }
    if (!is_empty)
        return;
    tdelete(share, &memory->by_who, compare_shares);
    memory->counts.owners--;
    free(share);
}

/* Adds the bytes to the owner's share, to which the charge refers from then on. False: there is no
 * room in it, or no memory for it. */
static bool take_share_locked(struct sx_memory *memory, enum sx_memory_kind kind, const char *who,
                              size_t bytes, size_t free_bytes, struct sx_charge *charge)
{
    struct sx_memory_share *share = charge->share ? charge->share : find_share_locked(memory, who);
    int each;
    if (!share)
        return false;
    /* A new share is never refused, so none stays behind empty. */
    if (share->bytes[kind] && share->bytes[kind] > free_bytes - bytes)
        return false;
    for (each = 0; !charge->share && each < SX_MEMORY_KINDS; each++)
        share->bytes[each] += charge->bytes[each];
    share->bytes[kind] += bytes;
    charge->share = share;
    return true;
}

/* ---- charges ---- */

size_t sx_memory_charged_bytes(const struct sx_charge *charge)
{
    size_t bytes = 0;
    int kind;
    for (kind = 0; kind < SX_MEMORY_KINDS; kind++)
        bytes += charge->bytes[kind];
    return bytes;
}

/* What the other kinds have reserved isn't free, even while they don't use it. */
static size_t free_bytes_locked(const struct sx_memory *memory, enum sx_memory_kind kind)
{
    size_t used = memory->kind_bytes[kind];
    int other;
    for (other = 0; other < SX_MEMORY_KINDS; other++) {
        size_t part = other == SX_MEMORY_CALL ? 0 : memory->max_bytes / PARTS;
        if (other != (int)kind)
            used += memory->kind_bytes[other] > part ? memory->kind_bytes[other] : part;
    }
    return memory->max_bytes > used ? memory->max_bytes - used : 0;
}

static bool is_small(const struct sx_charge *charge, size_t bytes)
{
    return !charge->share && bytes <= SX_MEMORY_SMALL_BYTES &&
           sx_memory_charged_bytes(charge) <= SX_MEMORY_SMALL_BYTES - bytes;
}

static bool take_locked(struct sx_memory *memory, enum sx_memory_kind kind, const char *who,
                        size_t bytes, struct sx_charge *charge)
{
    size_t free_bytes = free_bytes_locked(memory, kind);
    if (bytes > free_bytes || (!is_small(charge, bytes) &&
                               !take_share_locked(memory, kind, who, bytes, free_bytes, charge)))
        return false;
    memory->kind_bytes[kind] += bytes;
    memory->counts.held_bytes += bytes;
    if (memory->counts.most_bytes < memory->counts.held_bytes)
        memory->counts.most_bytes = memory->counts.held_bytes;
    charge->memory = memory;
    charge->bytes[kind] += bytes;
    return true;
}

bool sx_memory_take(struct sx_memory *memory, enum sx_memory_kind kind, const char *who,
                    size_t bytes, struct sx_charge *charge)
{
    char more[SX_TRACE_MORE_BYTES];
    bool is_taken, is_told = false;
    size_t held_bytes;
    if (!memory || !bytes)
        return true;
    assert(!charge->memory || charge->memory == memory);
    pthread_mutex_lock(&memory->mu);
    is_taken = take_locked(memory, kind, who, bytes, charge);
    if (!is_taken) {
        memory->counts.refused++;
        is_told = sx_trace_begin(&memory->refusals, sx_clock_now_us(), "refusals", more);
    }
    held_bytes = memory->counts.held_bytes;
    pthread_mutex_unlock(&memory->mu);
    if (is_told)
        sx_trace(memory->trace, SOAP_XMPP_TRACE_ERROR,
                 "no room for %zu bytes of %s%.200s: %s %zu of %zu bytes (max_memory_bytes)%s",
                 bytes, kind == SX_MEMORY_CALL ? "a call of ours to " : "",
                 who ? who : "our own server",
                 kind == SX_MEMORY_CALL ? "the link holds" : "peers make the link hold", held_bytes,
                 memory->max_bytes, more);
    return is_taken;
}

void sx_memory_give(struct sx_charge *charge)
{
    struct sx_memory *memory = charge->memory;
    size_t bytes = sx_memory_charged_bytes(charge);
    int kind;
    if (!memory)
        return;
    pthread_mutex_lock(&memory->mu);
    for (kind = 0; kind < SX_MEMORY_KINDS; kind++)
        memory->kind_bytes[kind] -= charge->bytes[kind];
    memory->counts.held_bytes -= bytes;
    if (charge->share)
        give_share_locked(memory, charge);
    pthread_mutex_unlock(&memory->mu);
    *charge = (struct sx_charge){0};
}

void sx_memory_count(struct sx_memory *memory, struct sx_memory_counts *counts)
{
    int kind;
    pthread_mutex_lock(&memory->mu);
    *counts = memory->counts;
    for (kind = 0; kind < SX_MEMORY_KINDS; kind++)
        counts->free_bytes[kind] = free_bytes_locked(memory, (enum sx_memory_kind)kind);
    pthread_mutex_unlock(&memory->mu);
}

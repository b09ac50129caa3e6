/* memory.c - one number for all, a tree of shares beside it. Invariants: memory.h.
 *
 * The number changes by compare and exchange, so that a small charge takes no lock. Shares are
 * under mu; who takes one has room in the number first, and gives that back if the share refuses.
 */
#include "base/memory.h"

#include <assert.h>
#include <pthread.h>
#include <search.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* Who has large charges. */
struct sx_memory_share {
    size_t bytes;
    char who[];
};

struct sx_memory {
    /* immutable */
    size_t max_bytes;
    const struct sx_trace *trace;
    /* atomic */
    atomic_size_t held_bytes, most_bytes;
    /* under mu */
    pthread_mutex_t mu;
    void *by_who; /* a tree, see tsearch(3): no peer can make it lopsided */
    unsigned long owners, refused;
    struct sx_trace_rate refusals;
};

struct sx_memory *sx_memory_new(size_t max_bytes, const struct sx_trace *trace)
{
    struct sx_memory *memory = calloc(1, sizeof *memory);
    if (!memory)
        return NULL;
    memory->max_bytes = max_bytes;
    memory->trace = trace;
    atomic_init(&memory->held_bytes, 0);
    atomic_init(&memory->most_bytes, 0);
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
    assert(atomic_load(&memory->held_bytes) == 0 && memory->owners == 0);
    pthread_mutex_destroy(&memory->mu);
    free(memory);
}

/* ---- the number ---- */

static size_t max_of(const struct sx_memory *memory, enum sx_memory_rank rank)
{
    size_t quarter = memory->max_bytes / 4;
    return rank == SX_MEMORY_DONE    ? memory->max_bytes
           : rank == SX_MEMORY_BEGUN ? memory->max_bytes - quarter
                                     : memory->max_bytes - 2 * quarter;
}

static void note_most(struct sx_memory *memory, size_t held)
{
    size_t most = atomic_load(&memory->most_bytes);
    while (most < held && !atomic_compare_exchange_weak(&memory->most_bytes, &most, held))
        ;
}

static bool hold(struct sx_memory *memory, size_t max_bytes, size_t bytes)
{
    size_t held = atomic_load(&memory->held_bytes);
    do
        if (held > max_bytes || bytes > max_bytes - held)
            return false;
    while (!atomic_compare_exchange_weak(&memory->held_bytes, &held, held + bytes));
    note_most(memory, held + bytes);
    return true;
}

static void let_go(struct sx_memory *memory, size_t bytes)
{
    atomic_fetch_sub(&memory->held_bytes, bytes);
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
    memory->owners++;
    return share;
}

static void drop_empty_share_locked(struct sx_memory *memory, struct sx_memory_share *share)
{
    if (share->bytes)
        return;
    tdelete(share, &memory->by_who, compare_shares);
    memory->owners--;
    free(share);
}

/* free_bytes: at the rank, as if the new bytes weren't held yet. */
static bool share_out_locked(struct sx_memory *memory, const char *who, size_t bytes,
                             size_t free_bytes, struct sx_charge *charge)
{
    struct sx_memory_share *share = charge->share ? charge->share : find_share_locked(memory, who);
    size_t moved = charge->share ? 0 : charge->bytes;
    if (!share)
        return false;
    if (share->bytes && (bytes > free_bytes || share->bytes > free_bytes - bytes))
        return false;
    share->bytes += moved + bytes;
    charge->share = share;
    return true;
}

static bool share_out(struct sx_memory *memory, size_t max_bytes, const char *who, size_t bytes,
                      struct sx_charge *charge)
{
    bool is_shared;
    size_t others;
    pthread_mutex_lock(&memory->mu);
    others = atomic_load(&memory->held_bytes) - bytes;
    is_shared =
        share_out_locked(memory, who, bytes, max_bytes > others ? max_bytes - others : 0, charge);
    pthread_mutex_unlock(&memory->mu);
    return is_shared;
}

/* ---- charges ---- */

static bool is_small(const struct sx_charge *charge, size_t bytes)
{
    return !charge->share && bytes <= SX_MEMORY_SMALL_BYTES &&
           charge->bytes <= SX_MEMORY_SMALL_BYTES - bytes;
}

static void tell(struct sx_memory *memory, const char *who, size_t bytes)
{
    char more[SX_TRACE_MORE_BYTES];
    bool is_due;
    pthread_mutex_lock(&memory->mu);
    memory->refused++;
    is_due = sx_trace_begin(&memory->refusals, sx_clock_now_us(), "refusals", more);
    pthread_mutex_unlock(&memory->mu);
    if (is_due)
        sx_trace(memory->trace, SOAP_XMPP_TRACE_ERROR,
                 "no room for %zu bytes of %.200s: peers make the link hold %zu of %zu bytes "
                 "(max_memory_bytes)%s",
                 bytes, who ? who : "our own server", atomic_load(&memory->held_bytes),
                 memory->max_bytes, more);
}

bool sx_memory_take(struct sx_memory *memory, enum sx_memory_rank rank, const char *who,
                    size_t bytes, struct sx_charge *charge)
{
    size_t max_bytes;
    if (!memory || !bytes)
        return true;
    assert(!charge->bytes || charge->memory == memory);
    max_bytes = max_of(memory, rank);
    if (!hold(memory, max_bytes, bytes)) {
        tell(memory, who, bytes);
        return false;
    }
    if (!is_small(charge, bytes) && !share_out(memory, max_bytes, who, bytes, charge)) {
        let_go(memory, bytes);
        tell(memory, who, bytes);
        return false;
    }
    charge->memory = memory;
    charge->bytes += bytes;
    return true;
}

void sx_memory_give(struct sx_charge *charge)
{
    struct sx_memory *memory = charge->memory;
    if (memory && charge->share) {
        pthread_mutex_lock(&memory->mu);
        charge->share->bytes -= charge->bytes;
        drop_empty_share_locked(memory, charge->share);
        pthread_mutex_unlock(&memory->mu);
    }
    if (memory)
        let_go(memory, charge->bytes);
    *charge = (struct sx_charge){0};
}

void sx_memory_count(struct sx_memory *memory, struct sx_memory_counts *counts)
{
    pthread_mutex_lock(&memory->mu);
    *counts = (struct sx_memory_counts){
        .max_bytes = memory->max_bytes,
        .held_bytes = atomic_load(&memory->held_bytes),
        .most_bytes = atomic_load(&memory->most_bytes),
        .owners = memory->owners,
        .refused = memory->refused,
    };
    pthread_mutex_unlock(&memory->mu);
}

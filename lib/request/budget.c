/* budget.c - a bucket of steps for each caller that has taken some lately.
 *
 * Invariant: a bucket is in the tree and in the list, which has the order in which they were last
 * looked over. full_at is when it is full again, as a time in steps: so many pass in a microsecond
 * as a bucket is filled with. What the bucket lacks is full_at less the time now.
 *
 * Happy path: left -> a look -> spend: mostly the free steps are enough, and nothing is kept.
 * Otherwise a bucket is made. Once it is full again, it is dropped when others are made.
 * Failure: no room or no memory for a bucket: the caller takes from one that all such callers
 * share.
 */
#include "request/budget.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "wire/jid.h"

enum { LOOKED_OVER = 4 /* buckets that may be dropped, whenever one is made or not found */ };

struct bucket {
    TAILQ_ENTRY(bucket) in_list;
    int64_t full_at;
    const char *caller; /* bare: text */
    char text[];
};

struct sx_budget {
    unsigned max_callers, count;
    void *by_caller; /* a tree, see tsearch(3): no peer can make it lopsided */
    TAILQ_HEAD(bucket_list, bucket) list;
    int64_t strangers_full_at, others_full_at; /* others: callers without room for a bucket */
    int64_t all_full_at; /* of all together; of each step it pays one part in SX_BUDGET_CALLERS */
};

struct sx_budget *sx_budget_new(unsigned max_callers)
{
    struct sx_budget *budget = calloc(1, sizeof *budget);
    if (!budget)
        return NULL;
    budget->max_callers = max_callers;
    TAILQ_INIT(&budget->list);
    return budget;
}

static int compare_callers(const void *a, const void *b)
{
    return sx_jid_compare(((const struct bucket *)a)->caller, ((const struct bucket *)b)->caller);
}

static void drop(struct sx_budget *budget, struct bucket *bucket)
{
    tdelete(bucket, &budget->by_caller, compare_callers);
    TAILQ_REMOVE(&budget->list, bucket, in_list);
    budget->count--;
    free(bucket);
}

void sx_budget_free(struct sx_budget *budget)
{
    struct bucket *bucket;
    if (!budget)
        return;
    while ((bucket = TAILQ_FIRST(&budget->list)))
        drop(budget, bucket);
    free(budget);
}

static void look_over(struct sx_budget *budget, int64_t now)
{
    struct bucket *bucket;
    int i;
    for (i = 0; i < LOOKED_OVER && (bucket = TAILQ_FIRST(&budget->list)); i++) {
        if (bucket->full_at <= now) {
            drop(budget, bucket);
            continue;
        }
        TAILQ_REMOVE(&budget->list, bucket, in_list);
        TAILQ_INSERT_TAIL(&budget->list, bucket, in_list);
    }
}

/* NULL: it has none. */
static struct bucket *find(struct sx_budget *budget, const char *bare)
{
    const struct bucket key = {.caller = bare};
    struct bucket **node = budget->count ? tfind(&key, &budget->by_caller, compare_callers) : NULL;
    return node ? *node : NULL;
}

/* A bucket for a caller that has none; NULL: no room, or no memory. */
static struct bucket *enter(struct sx_budget *budget, const char *bare)
{
    size_t bytes = strlen(bare) + 1;
    struct bucket *bucket =
        budget->count < budget->max_callers ? calloc(1, sizeof *bucket + bytes) : NULL;
    if (!bucket)
        return NULL;
    bucket->caller = memcpy(bucket->text, bare, bytes);
    if (!tsearch(bucket, &budget->by_caller, compare_callers)) {
        free(bucket);
        return NULL;
    }
    TAILQ_INSERT_TAIL(&budget->list, bucket, in_list);
    budget->count++;
    return bucket;
}

/* full_at of the bucket that the caller takes from. */
static int64_t look_up(struct sx_budget *budget, const char *from, int64_t now)
{
    char bare[SX_JID_BYTES];
    const struct bucket *bucket;
    if (!from)
        return budget->strangers_full_at;
    if (!budget->count && budget->max_callers)
        return 0;
    sx_jid_bare(from, bare, sizeof bare);
    bucket = find(budget, bare);
    if (bucket)
        return bucket->full_at;
    look_over(budget, now);
    return budget->count < budget->max_callers ? 0 : budget->others_full_at;
}

/* The same, to take from it: the caller gets a bucket if it has none. */
static int64_t *find_place(struct sx_budget *budget, const char *from, int64_t now)
{
    char bare[SX_JID_BYTES];
    struct bucket *bucket;
    if (!from)
        return &budget->strangers_full_at;
    sx_jid_bare(from, bare, sizeof bare);
    bucket = find(budget, bare);
    if (!bucket) {
        look_over(budget, now);
        bucket = enter(budget, bare);
    }
    return bucket ? &bucket->full_at : &budget->others_full_at;
}

/* How many steps are in a bucket. */
static unsigned long count_left(int64_t full_at, int64_t now)
{
    int64_t lacks = full_at - now;
    if (lacks >= SX_BUDGET_BURST_STEPS)
        return 0;
    return (unsigned long)(SX_BUDGET_BURST_STEPS - (lacks > 0 ? lacks : 0));
}

unsigned long sx_budget_left_awaited(struct sx_budget *budget, const char *from, int64_t now_us)
{
    int64_t now = now_us * SX_BUDGET_STEPS_PER_US;
    return SX_BUDGET_FREE_STEPS + count_left(look_up(budget, from, now), now);
}

unsigned long sx_budget_left(struct sx_budget *budget, const char *from, int64_t now_us)
{
    int64_t now = now_us * SX_BUDGET_STEPS_PER_US;
    unsigned long own = sx_budget_left_awaited(budget, from, now_us);
    unsigned long all = count_left(budget->all_full_at, now) * SX_BUDGET_CALLERS;
    return own < SX_BUDGET_FREE_STEPS + all ? own : SX_BUDGET_FREE_STEPS + all;
}

static void take(int64_t *full_at, int64_t steps, int64_t now)
{
    *full_at = (*full_at > now ? *full_at : now) + steps;
}

/* Takes steps beyond the free ones out of the caller's bucket; how many of them were in it. */
static unsigned long take_own(struct sx_budget *budget, const char *from, unsigned long steps,
                              int64_t now)
{
    int64_t *full_at;
    unsigned long own;
    if (steps <= SX_BUDGET_FREE_STEPS)
        return 0;
    steps -= SX_BUDGET_FREE_STEPS;
    full_at = find_place(budget, from, now);
    own = count_left(*full_at, now);
    take(full_at, (int64_t)steps, now);
    return steps < own ? steps : own;
}

void sx_budget_spend_awaited(struct sx_budget *budget, const char *from, unsigned long steps,
                             int64_t now_us)
{
    (void)take_own(budget, from, steps, now_us * SX_BUDGET_STEPS_PER_US);
}

void sx_budget_spend(struct sx_budget *budget, const char *from, unsigned long steps,
                     int64_t now_us)
{
    int64_t now = now_us * SX_BUDGET_STEPS_PER_US;
    /* What a caller owes is its own debt, not that of all. */
    unsigned long paid = take_own(budget, from, steps, now);
    take(&budget->all_full_at, (int64_t)(paid / SX_BUDGET_CALLERS), now);
}

unsigned sx_budget_count(const struct sx_budget *budget)
{
    return budget->count;
}

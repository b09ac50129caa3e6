/* budget.h - how much of the loop thread's time each caller can take by requests that are costly to
 * look into.
 *
 * Noun: the budget, in steps (checker.h). The first SX_BUDGET_FREE_STEPS of each look are free,
 * about what it costs to receive a stanza at all. So cheap requests never use a budget up, however
 * many they are. (A look stops at the end of a tag, so it may take a few steps more.) What a look
 * costs beyond that comes out of its caller's bucket, which holds SX_BUDGET_BURST_STEPS and is
 * filled with SX_BUDGET_STEPS_PER_US, about a tenth of the time of one thread. It also comes out of
 * a bucket of all callers together, SX_BUDGET_CALLERS times as large and as fast: where a rule lets
 * anybody call, one person can make many accounts. A look at an answer to a call of ours is paid
 * from its peer's bucket alone, because our own calls bound how many there are.
 *
 * Invariant: a bucket is forgotten when it is full again, and no earlier: nobody gets a new one by
 * having others use up the table's room. Callers that find no room in the table share one bucket.
 *
 * A caller is a bare JID, as in queue.h. Callers whom no rule names share one bucket too, since
 * they can choose any name; they are refused whatever it holds.
 *
 * Happy path: left -> a look -> spend. Failure: no room or no memory for a bucket: the shared one.
 *
 * Thread: one at a time, no lock: the link's loop thread. Time is the caller's, it never goes back.
 * Nothing blocks.
 */
#ifndef SX_REQUEST_BUDGET_H
#define SX_REQUEST_BUDGET_H

#include <stdint.h>

enum {
    SX_BUDGET_FREE_STEPS = 8192,
    SX_BUDGET_STEPS_PER_US = 64,
    SX_BUDGET_BURST_STEPS = 8 * 1024 * 1024, /* filled in an eighth of a second */
    SX_BUDGET_CALLERS = 4                    /* so many can use up theirs all the time */
};

struct sx_budget;

/* max_callers: how many have a bucket of their own at once. NULL: no memory. */
struct sx_budget *sx_budget_new(unsigned max_callers);
void sx_budget_free(struct sx_budget *budget); /* NULL allowed */

/* How many steps the next look at a request of `from` may take; from NULL: of those whom no rule
 * names. At least SX_BUDGET_FREE_STEPS. */
unsigned long sx_budget_left(struct sx_budget *budget, const char *from, int64_t now_us);

/* Pays for a look. steps: all that it took, free ones included; if they are more than what was
 * left, the rest is owed. */
void sx_budget_spend(struct sx_budget *budget, const char *from, unsigned long steps,
                     int64_t now_us);

/* The same for a look at an answer that a call of ours awaits. */
unsigned long sx_budget_left_awaited(struct sx_budget *budget, const char *from, int64_t now_us);
void sx_budget_spend_awaited(struct sx_budget *budget, const char *from, unsigned long steps,
                             int64_t now_us);

/* Callers with a bucket of their own, for tests. */
unsigned sx_budget_count(const struct sx_budget *budget);

#endif

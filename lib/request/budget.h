/* budget.h - how much of the loop thread's time each caller can take by requests that are costly to
 * look into.
 *
 * Noun: the budget, in steps (checker.h). Each look has SX_BUDGET_FREE_STEPS for nothing, about
 * what receiving a stanza costs at all: so cheap requests never use a budget up, however many they
 * are; the look may go on to the end of a tag. What it costs beyond comes out of its caller's
 * bucket, which holds SX_BUDGET_BURST_STEPS and is filled by SX_BUDGET_STEPS_PER_US, about a tenth
 * of the time of one thread. All together have a bucket that is SX_BUDGET_CALLERS times as large
 * and as fast: where anybody may call something, accounts cost nothing either. What answers a call
 * of ours is paid by its peer's bucket alone: our own calls bound how many there are.
 *
 * Invariant: a bucket is forgotten when it is full again, and no earlier: nobody gets a new one by
 * having others use up the table's room. Callers for whom there is none share one bucket.
 *
 * A caller is a bare JID, as in queue.h. Those whom no rule names share a bucket: names cost them
 * nothing, and whatever it holds, they are refused.
 *
 * Thread: one at a time, no lock: the link's loop thread. Time is the caller's, it never goes back.
 */
#ifndef SX_REQUEST_BUDGET_H
#define SX_REQUEST_BUDGET_H

#include <stdint.h>

enum {
    SX_BUDGET_FREE_STEPS = 8192,
    SX_BUDGET_STEPS_PER_US = 64,
    SX_BUDGET_BURST_STEPS = 8 * 1024 * 1024, /* those of an eighth of a second */
    SX_BUDGET_CALLERS = 4                    /* that can use up theirs all the time */
};

struct sx_budget;

/* Buckets for so many callers at once. NULL: no memory. */
struct sx_budget *sx_budget_new(unsigned max_callers);
void sx_budget_free(struct sx_budget *budget); /* NULL allowed */

/* How many steps the next look at a request of `from` may take; from NULL: of those whom no rule
 * names. At least SX_BUDGET_FREE_STEPS. */
unsigned long sx_budget_left(struct sx_budget *budget, const char *from, int64_t now_us);

/* What a look has taken, which may be more than was left: the rest is owed. */
void sx_budget_spend(struct sx_budget *budget, const char *from, unsigned long steps,
                     int64_t now_us);

/* The same for what is awaited: a call of ours has one answer. */
unsigned long sx_budget_left_awaited(struct sx_budget *budget, const char *from, int64_t now_us);
void sx_budget_spend_awaited(struct sx_budget *budget, const char *from, unsigned long steps,
                             int64_t now_us);

/* Callers with a bucket of their own, for tests. */
unsigned sx_budget_count(const struct sx_budget *budget);

#endif

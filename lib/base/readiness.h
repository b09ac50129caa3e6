/* readiness.h - one descriptor for poll() that is readable while any of several sources has
 * something.
 *
 * Noun: the readiness. A source is what the program looks for: a queue, a table of calls. Each has
 * a lock of its own, and its struct sx_readiness_source under it.
 *
 * Invariant: the descriptor is readable exactly while
 *   - a source is ready: the eventfd in it counts the sources that are, each of which adds its one
 *     and takes its one away with its own lock held. So no source has to know of another, no lock
 *     is taken with another held, and the count is right whatever the order: nobody can take away
 *     more than it has added, and what one adds no other takes away;
 *   - or an alarm has passed: the first moment at which something of a source's comes to be ready
 *     by the clock. It is never later than that, and may be earlier, for a moment that was
 *     cancelled: then who looks finds nothing, and the source sets the next one.
 * So nothing that is ready is missed, however the looking and the adding of several threads
 * overlap, and after a look that finds nothing the descriptor isn't readable.
 *
 * Inside an epoll descriptor are an eventfd for the sources and a timerfd for the alarm. Nobody
 * reads the epoll descriptor; it may be polled, edge-triggered too, by any number of threads.
 */
#ifndef SX_BASE_READINESS_H
#define SX_BASE_READINESS_H

#include <stdbool.h>
#include <stdint.h>

struct sx_readiness;

/* NULL, with errno: no descriptors, or no memory. Outlives its sources' use of it. */
struct sx_readiness *sx_readiness_new(void);
void sx_readiness_free(struct sx_readiness *readiness); /* NULL allowed */

/* The readiness' own; to be polled, neither read nor closed. */
int sx_readiness_descriptor(const struct sx_readiness *readiness);

/* All of the following: with the source's lock held. None blocks. Zero is a source that nobody
 * polls, for which they do nothing. */
struct sx_readiness_source {
    struct sx_readiness *readiness;
    bool is_ready;
    int64_t alarm_us; /* of a source that has alarms: when, SX_NEVER: not set */
};

/* From now on the readiness tells of this source. A second time with the same one it does nothing.
 */
void sx_readiness_join(struct sx_readiness_source *source, struct sx_readiness *readiness);

void sx_readiness_set(struct sx_readiness_source *source, bool is_ready);

/* Of one source of a readiness alone: something comes to be ready at this time (SX_NEVER: nothing)
 * at the earliest. Costs nothing while that is no earlier than the alarm that is set. */
void sx_readiness_alarm(struct sx_readiness_source *source, int64_t first_us);

/* Now all is ready that was to be by now; sets the alarm anew if it has passed. */
void sx_readiness_realarm(struct sx_readiness_source *source, int64_t first_us, int64_t now_us);

#endif

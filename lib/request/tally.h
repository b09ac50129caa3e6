/* tally.h - how requests have ended, counted.
 *
 * Noun: the tally, as soap_xmpp_count() tells it. Relaxed: each counter is right, and two of them
 * may be of two moments.
 *
 * Thread: any; nothing blocks.
 */
#ifndef SX_REQUEST_TALLY_H
#define SX_REQUEST_TALLY_H

#include <stdatomic.h>

/* All zero at first. */
struct sx_tally {
    atomic_ulong answered, faulted, refused, declined; /* that a service was given */
    atomic_ulong denied;                               /* by the rules */
};

/* One more; of a tally that may be NULL: NULL. */
#define SX_TALLY_ADD(tally, counter)                                                               \
    ((tally) ? (void)atomic_fetch_add_explicit(&(tally)->counter, 1, memory_order_relaxed)         \
             : (void)0)

#endif

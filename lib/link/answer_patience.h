/* answer_patience.h - how long a large answer may go on without getting on.
 *
 * Noun: the patience with an answer. Without a place, or with nobody who takes its bytes, it has
 * timeout_ms; if next to nothing of them is taken, what pace.h gives it.
 *
 * Invariant: only time counts for which we were online.
 *
 * Happy path: it is asked again and again until the answer is delivered. Failure: no time is left;
 * condition and why say what became of it.
 *
 * No clock, no state, no lock. Nothing blocks.
 */
#ifndef SX_LINK_ANSWER_PATIENCE_H
#define SX_LINK_ANSWER_PATIENCE_H

#include <stdint.h>

#include "link/session.h"
#include "link/shipment.h"

/* In how long to ask again; 0 or less: it may go on no longer. *condition, *why: literals, set in
 * any case. */
int64_t sx_answer_patience_left_us(const struct sx_session *session,
                                   const struct sx_shipment *answer, int64_t online_since_us,
                                   int64_t now_us, const char **condition, const char **why);

#endif

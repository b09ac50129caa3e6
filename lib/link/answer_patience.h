/* answer_patience.h - how long a large answer may wait, or make no progress, before it is given up.
 *
 * Noun: the patience with an answer. It has timeout_ms to get a place, and then timeout_ms from one
 * acknowledged byte to the next. It must also keep the pace (transfer/pace.h).
 *
 * Invariant: only time for which the link was online counts.
 *
 * Happy path: it is asked again and again until the answer is delivered. Failure: no time is left;
 * condition and why say what the caller is told.
 *
 * No clock, no state, no lock: the link's loop thread. Nothing blocks.
 */
#ifndef SX_LINK_ANSWER_PATIENCE_H
#define SX_LINK_ANSWER_PATIENCE_H

#include <stdint.h>

#include "link/session.h"
#include "link/shipment.h"

/* In how many microseconds to ask again; 0 or less: the answer is to be given up. online_since_us:
 * when the session began. *condition, *why: literals, set in any case, and meant for that end. */
int64_t sx_answer_patience_left_us(const struct sx_session *session,
                                   const struct sx_shipment *answer, int64_t online_since_us,
                                   int64_t now_us, const char **condition, const char **why);

#endif

/* health.h - whether the loops turn, and whether the links are online.
 *
 * Noun: the health of a gateway. Any thread; doesn't block. */
#ifndef GW_HEALTH_H
#define GW_HEALTH_H

#include <stdbool.h>
#include <stddef.h>

#include "status/status.h"

enum { GW_HEALTH_TURN_MS = 5000 };

/* true, or false with one sentence that names each loop that stands still. */
bool gw_health_turns(const struct gw_status_of *of, long long now_ms, char *why, size_t why_bytes);
/* Likewise with each link that isn't online. Without links it is ready. */
bool gw_health_is_ready(const struct gw_status_of *of, bool by_any, char *why, size_t why_bytes);

#endif

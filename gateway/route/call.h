/* call.h - the calls of a gateway: what clients have posted, on its way to a service and back.
 *
 * Noun: the call. Invariant: each is answered once; what may have reached the service is never sent
 * again; at most limits.in_flight are under way at once. */
#ifndef GW_CALL_H
#define GW_CALL_H

#include "base/workers.h"
#include "config/config.h"
#include "link/link.h"
#include "route/exchange.h"

struct gw_calls;

/* Finds a link that is open by its configuration's name; NULL: there is none. Any thread. */
typedef struct gw_link *gw_route_link_fn(void *user, const char *name);

/* NULL: no memory. Workers and what find needs outlive it. */
struct gw_calls *gw_calls_new(struct gw_workers *workers, gw_route_link_fn *find, void *user);
void gw_calls_free(struct gw_calls *calls); /* nothing is under way; NULL is fine */

/* Begins the call of a POST that its route takes; exchange becomes its, match is copied. Doesn't
 * block. */
void gw_calls_begin(struct gw_calls *calls, struct gw_exchange *exchange,
                    const struct gw_match *match, bool is_message);

#endif

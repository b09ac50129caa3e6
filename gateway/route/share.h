/* share.h - how many calls are under way, and how many of them to one endpoint.
 *
 * Noun: the share. Invariant: what is counted when it comes is taken off once when it has ended. A
 * service that doesn't answer fills the limit with its own calls alone: for endpoints that have few
 * of them under way there is an eighth of the limit more, so that the others are called as ever.
 * Any thread; doesn't block. */
#ifndef GW_SHARE_H
#define GW_SHARE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "config/config.h"

/* Endpoints are told apart by a hash: two that have the same one count as one. */
enum { GW_SHARE_SLOTS = 4096 };

struct gw_share {
    atomic_uint all, each[GW_SHARE_SLOTS];
};

void gw_share_init(struct gw_share *share);
/* Of a route, with what the names of its pattern stand for: they say which endpoint it is. */
unsigned gw_share_slot(const struct gw_route_config *route, const struct gw_match *match);
/* Counts another call, and says whether it may begin, of most at once; it leaves in any case. */
bool gw_share_enter(struct gw_share *share, unsigned slot, unsigned most);
void gw_share_leave(struct gw_share *share, unsigned slot);

#endif

/* authority.h - the connections to one backend, and who waits for one.
 *
 * Noun: the authority: scheme, host and port, of one serve. Invariant: at most the serve's
 * `connections` transfers of it are under way; the others wait in the order they came, as long
 * as there is time. One that has neither is freed. The client's thread alone. */
#ifndef GW_AUTHORITY_H
#define GW_AUTHORITY_H

#include "client/transfer.h"

enum { GW_AUTHORITY_BUCKETS = 256 };

struct gw_authority {
    LIST_ENTRY(gw_authority) entry;
    char *text;
    char *pattern; /* of the serve, which has its own connections; a copy */
    unsigned under_way, connections;
    struct gw_transfers waiting;
    unsigned bucket;
};
LIST_HEAD(gw_authority_list, gw_authority);
struct gw_authorities {
    struct gw_authority_list buckets[GW_AUTHORITY_BUCKETS];
};

/* Puts the transfer at the end of its authority's line. false: no memory. */
bool gw_authorities_add(struct gw_authorities *authorities, struct gw_transfer *transfer);
/* The next transfer that may begin at the authority, and for which it isn't too late; it counts as
 * under way from now on. NULL: none. */
struct gw_transfer *gw_authority_next(struct gw_authority *authority, long long now_ms);
/* The transfer isn't under way any more; authority is freed if nobody is left. Returns it, or NULL
 * once it is freed. */
struct gw_authority *gw_authority_leave(struct gw_transfer *transfer);
/* One that waits and for which it is too late (latest_ms), taken out; NULL: none. *next_ms becomes
 * the first such moment of those that wait, if that is earlier. `all`: any that waits. */
struct gw_transfer *gw_authorities_expire(struct gw_authorities *authorities, long long now_ms,
                                          bool all, long long *next_ms);

#endif

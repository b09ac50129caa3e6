/* See share.h. */
#include "route/share.h"

void gw_share_init(struct gw_share *share)
{
    atomic_init(&share->all, 0);
    for (unsigned i = 0; i < GW_SHARE_SLOTS; i++)
        atomic_init(&share->each[i], 0);
}

/* FNV-1a, with the end of the text. */
static unsigned long long add_text(unsigned long long hash, const char *text)
{
    do
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3ULL;
    while (*text++);
    return hash;
}

unsigned gw_share_slot(const struct gw_route_config *route, const struct gw_match *match)
{
    unsigned long long hash = add_text(0xcbf29ce484222325ULL, route->to);
    for (size_t i = 0; i < match->count; i++)
        hash = add_text(hash, match->values[i]);
    return (unsigned)((hash ^ hash >> 32) % GW_SHARE_SLOTS);
}

bool gw_share_enter(struct gw_share *share, unsigned slot, unsigned most)
{
    unsigned all = atomic_fetch_add(&share->all, 1);
    unsigned own = atomic_fetch_add(&share->each[slot], 1);
    return all < most || (all < most + (most + 7) / 8 && own <= most / 64);
}

void gw_share_leave(struct gw_share *share, unsigned slot)
{
    atomic_fetch_sub(&share->each[slot], 1);
    atomic_fetch_sub(&share->all, 1);
}

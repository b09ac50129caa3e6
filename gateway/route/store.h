/* store.h - contracts that are kept for a while.
 *
 * Noun: the store. Invariant: at most 64 contracts, each for 5 minutes, with most_bytes together;
 * the one that would go next makes room. Any thread; nothing blocks. */
#ifndef GW_STORE_H
#define GW_STORE_H

#include <stddef.h>

#include "route/description.h"

enum { GW_STORE_KEPT_MS = 5 * 60 * 1000, GW_STORE_CONTRACTS = 64 };

struct gw_store;

struct gw_store *gw_store_new(void); /* NULL: no memory */
void gw_store_free(struct gw_store *store);
/* Holds it as well; what has no room isn't kept. now_ms is gw_clock_ms()'s. */
void gw_store_keep(struct gw_store *store, const char *key, struct gw_description *contract,
                   size_t most_bytes, long long now_ms);
/* What is kept under that key, held; NULL: nothing is. */
struct gw_description *gw_store_find(struct gw_store *store, const char *key, long long now_ms);
void gw_store_clear(struct gw_store *store); /* nothing is kept any more */
size_t gw_store_bytes(struct gw_store *store);

#endif

/* store.h - contracts that are kept for a while.
 *
 * Noun: the store. Invariant: at most 64 contracts, each for 5 minutes, with most_bytes together;
 * the one that would go next makes room. A contract is constant, and lives as long as it is held.
 * Any thread; nothing blocks. */
#ifndef GW_STORE_H
#define GW_STORE_H

#include <stdatomic.h>
#include <stddef.h>

#include "contract/metadata.h"

enum { GW_STORE_KEPT_MS = 5 * 60 * 1000, GW_STORE_CONTRACTS = 64 };

/* The WSDL of one endpoint with the documents that it imports. */
struct gw_contract {
    struct ct_metadata metadata;
    size_t root;  /* the section that is the WSDL */
    size_t bytes; /* of all sections */
    atomic_int references;
};

/* Takes *metadata over, which is the caller's no more, and is held once. NULL: no memory, and
 * *metadata is as it was. */
struct gw_contract *gw_contract_new(struct ct_metadata *metadata, size_t root);
struct gw_contract *gw_contract_hold(struct gw_contract *contract); /* once more; contract */
void gw_contract_release(struct gw_contract *contract);             /* NULL is fine */

struct gw_store;

struct gw_store *gw_store_new(void); /* NULL: no memory */
void gw_store_free(struct gw_store *store);
/* Holds it as well; what has no room isn't kept. now_ms is gw_clock_ms()'s. */
void gw_store_keep(struct gw_store *store, const char *key, struct gw_contract *contract,
                   size_t most_bytes, long long now_ms);
/* What is kept under that key, held; NULL: nothing is. */
struct gw_contract *gw_store_find(struct gw_store *store, const char *key, long long now_ms);
void gw_store_clear(struct gw_store *store); /* nothing is kept any more */
size_t gw_store_bytes(struct gw_store *store);

#endif

/* See description.h. */
#include "route/description.h"

#include <stdlib.h>

struct gw_description *gw_description_new(struct ct_metadata *metadata, size_t root)
{
    struct gw_description *contract = calloc(1, sizeof *contract);
    if (!contract)
        return NULL;
    contract->metadata = *metadata;
    contract->root = root;
    for (size_t i = 0; i < metadata->count; i++)
        contract->bytes += metadata->sections[i].len;
    atomic_init(&contract->references, 1);
    *metadata = (struct ct_metadata){0};
    return contract;
}

struct gw_description *gw_description_hold(struct gw_description *contract)
{
    atomic_fetch_add(&contract->references, 1);
    return contract;
}

void gw_description_release(struct gw_description *contract)
{
    if (!contract || atomic_fetch_sub(&contract->references, 1) > 1)
        return;
    ct_metadata_fini(&contract->metadata);
    free(contract);
}

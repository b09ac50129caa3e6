/* description.h - what a service says of itself, read once: its WSDL and what that imports.
 *
 * Noun: the description. Invariant: constant, and lives as long as it is held. Any thread. */
#ifndef GW_DESCRIPTION_H
#define GW_DESCRIPTION_H

#include <stdatomic.h>
#include <stddef.h>

#include "contract/metadata.h"

/* The WSDL of one endpoint with the documents that it imports. */
struct gw_description {
    struct ct_metadata metadata;
    size_t root;  /* the section that is the WSDL */
    size_t bytes; /* of all sections */
    atomic_int references;
};

/* Takes *metadata over, which is the caller's no more, and is held once. NULL: no memory, and
 * *metadata is as it was. */
struct gw_description *gw_description_new(struct ct_metadata *metadata, size_t root);
struct gw_description *
gw_description_hold(struct gw_description *contract);         /* once more; contract */
void gw_description_release(struct gw_description *contract); /* NULL is fine */

#endif

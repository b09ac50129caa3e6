/* delivery.h - one request that came by XMPP, and its POST.
 *
 * Noun: the delivery. Invariant: it is ended once, with the request; nothing of it is kept. It runs
 * on the thread that has brought it on: the link's, the client's, or, where the envelope is large,
 * a worker's; one at a time. */
#ifndef GW_DELIVERY_H
#define GW_DELIVERY_H

#include "base/workers.h"
#include "client/client.h"
#include "link/link.h"
#include "serve/backend.h"
#include "serve/description.h"

/* What it is begun with, and lives beside. */
struct gw_delivery_place {
    struct gw_client *client;
    struct gw_workers *workers;
    struct gw_descriptions *descriptions;
};

/* Takes the request and ends it, sooner or later. Doesn't block. */
void gw_delivery_begin(const struct gw_delivery_place *place, struct gw_services *services,
                       struct gw_link *link, struct gw_incoming *incoming);

#endif

/* status.h - the gateway seen from outside: metrics, health, the status page, the try-it form.
 *
 * Noun: the status, what the admin listener answers. Invariant: what it tells holds no payload and
 * no secret; it is for who came by the listener's own address, not for a page of somebody else's
 * (DNS rebinding, cross-site requests).
 *
 *   GET /             the status page
 *   GET /page.js, /page.css   its files; nothing is fetched from elsewhere
 *   GET /status.json  what the page shows
 *   GET /metrics      Prometheus' text
 *   GET /healthz      200 while all loops turn; 503 with the one that doesn't
 *   GET /readyz       200 while links are online as the option `ready` wants it; 503 with reasons
 *   /try/...          trial.h, if the configuration says so */
#ifndef GW_STATUS_H
#define GW_STATUS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/workers.h"
#include "client/client.h"
#include "config/config.h"
#include "http/server.h"
#include "link/link.h"
#include "route/route.h"

/* What is running; each lives as long as the status. NULL: there is none. */
struct gw_status_of {
    struct gw_config *config; /* held */
    struct gw_link **links;
    size_t link_count;
    struct gw_server *server; /* of the routes */
    struct gw_client *client;
    struct gw_routes *routes;
    struct gw_workers *workers; /* for contracts that are read */
};

struct gw_status;
/* NULL: no memory. */
struct gw_status *gw_status_new(const struct gw_status_of *of);
void gw_status_reload(struct gw_status *status, struct gw_config *config);
/* It isn't ready any more: the gateway stops, and takes no new requests. */
void gw_status_drain(struct gw_status *status);
/* gw_server_take_fn: user is the struct gw_status. */
void gw_status_take(void *status, struct gw_request *request);
/* Whether all loops have turned within 5 s; and whether links are online as the configuration wants
 * it; or why not, one sentence. Any thread; doesn't block. */
bool gw_status_is_healthy(struct gw_status *status, char *why, size_t why_bytes);
bool gw_status_is_ready(struct gw_status *status, char *why, size_t why_bytes);
void gw_status_free(struct gw_status *status); /* no request is under way; NULL is fine */

#endif

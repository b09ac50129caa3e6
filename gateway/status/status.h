/* status.h - the gateway seen from outside: metrics, health, the status page, the try-it form.
 *
 * Noun: the status. It answers the admin listener alone: /metrics, /healthz, /readyz,
 * /status.json, / and /try. */
#ifndef GW_STATUS_H
#define GW_STATUS_H

#include <stdbool.h>
#include <stddef.h>

#include "client/client.h"
#include "config/config.h"
#include "http/server.h"
#include "link/link.h"
#include "route/route.h"

/* What is running; each lives as long as the status. */
struct gw_status_of {
    struct gw_config *config;
    struct gw_link **links;
    size_t link_count;
    struct gw_server *server; /* NULL: there are no routes */
    struct gw_client *client; /* NULL: there are no serves */
    struct gw_routes *routes;
};
struct gw_status;
struct gw_status *gw_status_new(const struct gw_status_of *of);
void gw_status_reload(struct gw_status *status, struct gw_config *config);
/* gw_server_take_fn: user is the struct gw_status. */
void gw_status_take(void *status, struct gw_request *request);
/* Whether all loops have turned within 5 s; and whether links are online as the configuration wants
 * it, or why not. */
bool gw_status_is_healthy(struct gw_status *status, char *why, size_t why_bytes);
bool gw_status_is_ready(struct gw_status *status, char *why, size_t why_bytes);
void gw_status_free(struct gw_status *status);

#endif

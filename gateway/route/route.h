/* route.h - HTTP -> XMPP: a request becomes a call, its end an HTTP answer.
 *
 * Noun: the routes of a gateway. Invariant: each request is answered once; what may have been sent
 * to the service is never sent again; the answer says in Soap-Outcome whether it ran. */
#ifndef GW_ROUTE_H
#define GW_ROUTE_H

#include "base/workers.h"
#include "config/config.h"
#include "http/request.h"
#include "link/link.h"
#include "route/call.h" /* gw_route_link_fn */

struct gw_routes;

struct gw_routes *gw_routes_new(struct gw_config *config, struct gw_workers *workers,
                                gw_route_link_fn *find, void *user);
void gw_routes_reload(struct gw_routes *routes, struct gw_config *config);
/* gw_server_take_fn: user is the struct gw_routes. */
void gw_routes_take(void *routes, struct gw_request *request);
/* Of the try-it form: the WSDL of a route, and a call of it in the gateway's own name. route_path
 * is a path as a request has it: "/cam/1". done is called once, on another thread; text NULL: there
 * is none, and why says so. Each returns 0, or -1 with one sentence in why, and done isn't called.
 * Neither blocks. */
typedef void gw_route_text_fn(void *user, const char *text, size_t bytes, const char *why);
int gw_routes_describe(struct gw_routes *routes, const char *route_path, gw_route_text_fn *done,
                       void *user, char *why, size_t why_bytes);
int gw_routes_call(struct gw_routes *routes, const char *route_path, const char *action,
                   const char *envelope, size_t bytes, gw_link_done_fn *done, void *user, char *why,
                   size_t why_bytes);
void gw_routes_free(struct gw_routes *routes); /* nothing is under way */

#endif

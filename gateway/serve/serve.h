/* serve.h - XMPP -> HTTP: a request becomes a POST, its answer an answer.
 *
 * Noun: the services of a gateway. Invariant: each request is ended once; the backend is never
 * asked twice; a request that certainly wasn't executed is declined, one that may have been is
 * refused. Any thread; doesn't block, but where a line says so. */
#ifndef GW_SERVE_H
#define GW_SERVE_H

#include <stddef.h>

#include "base/workers.h"
#include "client/client.h"
#include "config/config.h"
#include "link/link.h"

struct gw_serves;

/* Reads the passwords' files. NULL with one sentence in why: a file that can't be read, a rule that
 * is none. client and workers outlive it. */
struct gw_serves *gw_serves_new(struct gw_config *config, struct gw_client *client,
                                struct gw_workers *workers, char *why, size_t why_bytes);
/* The services of another configuration from the next request on; -1 as above, and nothing has
 * changed. */
int gw_serves_reload(struct gw_serves *serves, struct gw_config *config, char *why,
                     size_t why_bytes);
/* gw_link_take_fn: user is the struct gw_serves. */
void gw_serves_take(void *serves, struct gw_link *link, struct gw_incoming *incoming);
/* Whether what a start reads beside the configuration is right: rules, passwords. 0, or -1 with
 * "FILE:LINE: ..." in why. Blocks. */
int gw_serves_check(struct gw_config *config, char *why, size_t why_bytes);
/* The rules of all services of a link, as gw_link_open() takes them; malloc'ed; NULL: no memory. */
char *gw_serves_rules(const struct gw_config *config, const struct gw_link_config *link);
void gw_serves_free(struct gw_serves *serves); /* nothing is under way; NULL is fine */

#endif

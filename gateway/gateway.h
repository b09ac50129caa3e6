/* gateway.h - all of a running gateway: started, read anew, and stopped in order.
 *
 * Noun: the gateway. Invariant: what is started is stopped in the reverse order; each request and
 * each call that was under way is ended once. The main thread's, but for gw_gateway_stop(). */
#ifndef GW_GATEWAY_H
#define GW_GATEWAY_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"

struct gw_gateway;

/* Whose fault it is that a gateway can't start. */
enum gw_gateway_failure { GW_FAILURE_SYSTEM, GW_FAILURE_CONFIG };

/* What --check finds beside gw_config_read(): members of links, certificates, users, rules,
 * passwords. 0, or -1 with one sentence in why. Blocks while files are read. */
int gw_gateway_check(struct gw_config *config, char *why, size_t why_bytes);
/* Holds config. NULL with one sentence in why: an address in use, a file that can't be read; all
 * that was started is stopped again. */
struct gw_gateway *gw_gateway_start(struct gw_config *config, enum gw_gateway_failure *failure,
                                    char *why, size_t why_bytes);
/* Becomes what config says, for requests that come from now on; holds it. -1 with one sentence in
 * why, and nothing has changed: a file that can't be read, or what needs a restart. */
int gw_gateway_reload(struct gw_gateway *gateway, struct gw_config *config, char *why,
                      size_t why_bytes);
void gw_gateway_kick(struct gw_gateway *gateway); /* links that wait try at once */
/* As status.h. */
bool gw_gateway_is_healthy(struct gw_gateway *gateway, char *why, size_t why_bytes);
bool gw_gateway_is_ready(struct gw_gateway *gateway, char *why, size_t why_bytes);
/* Takes no new requests, gives those under way config's drain_ms, stops all, and frees it. Any
 * thread, nothing else uses it meanwhile. Blocks for drain_ms and some seconds. */
void gw_gateway_stop(struct gw_gateway *gateway);

#endif

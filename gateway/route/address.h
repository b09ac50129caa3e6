/* address.h - what an address in an envelope becomes on the other side of a route.
 *
 * Noun: the address. Canonical is "xmpp:cam1@cams.example.org/onvif/media": answers get the URL of
 * the route that reaches it, requests the other way round, so that a client's wsa:To is the
 * service's own. What no route reaches stays. Pure; any thread. */
#ifndef GW_ADDRESS_H
#define GW_ADDRESS_H

#include <stddef.h>

#include "config/config.h"

struct gw_address_map {
    const struct gw_config *config;
    const struct gw_route_config *route; /* the request's own, which is asked first; NULL: none */
    const char *base;                    /* gw_request_base(); "": nothing is mapped */
    const char *host;                    /* as the client calls us: Host; "" or NULL */
    const char *user;                    /* of {user} in an endpoint; "" */
};

/* Both are gw_rewrite_fn, user is the struct gw_address_map. */
int gw_address_to_http(void *user, const char *address, char *out, size_t out_bytes);
int gw_address_to_xmpp(void *user, const char *address, char *out, size_t out_bytes);

#endif

/* endpoint.h - whom a request's call goes to, and in whose name.
 *
 * Noun: the endpoint: "xmpp:cam1@cams.example.org/onvif/media". Invariant: nothing that a client
 * sends can change more of it than the names in braces and the path behind the pattern: what a path
 * holds is percent-encoded, a user's name is escaped (XEP-0106). Pure; any thread. */
#ifndef GW_ENDPOINT_H
#define GW_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"

enum { GW_ENDPOINT_BYTES = 4096, GW_ENDPOINT_FROM_BYTES = 3072, GW_ENDPOINT_PATH_BYTES = 512 };

/* What a request says of its call's endpoint. */
struct gw_endpoint_of {
    const struct gw_route_config *route;
    const struct gw_match *match;
    const char *user;  /* "": nobody was asked */
    const char *query; /* as it was sent, "": none; goes along with a path */
    bool is_message;   /* a call by message */
};

/* The route with the longest pattern that a decoded path begins with; NULL: none. Its match refers
 * to config and path. */
const struct gw_route_config *gw_endpoint_route(const struct gw_config *config, const char *path,
                                                struct gw_match *match);

/* Adds text to out with all that a path may not hold as %XX. false: no room. */
bool gw_endpoint_encode(const char *text, char *out, size_t out_bytes);

/* Each returns 0, or the HTTP status to answer with and one sentence in why; out is "" then. */

/* The endpoint. 404: a path that the route doesn't take, or over 512 bytes. */
int gw_endpoint_write(const struct gw_endpoint_of *of, char out[GW_ENDPOINT_BYTES], char *why,
                      size_t why_bytes);
/* What a route with GW_PATH_HEADER sends in the cargo, decoded as it is; "": none. 404 likewise. */
int gw_endpoint_path(const struct gw_endpoint_of *of, char out[GW_ENDPOINT_PATH_BYTES + 1],
                     char *why, size_t why_bytes);
/* The caller: "" if the route has no `from`. 403: the user's name can't be part of a JID. */
int gw_endpoint_from(const struct gw_endpoint_of *of, char out[GW_ENDPOINT_FROM_BYTES], char *why,
                     size_t why_bytes);

#endif

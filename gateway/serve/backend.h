/* backend.h - which backend a request is for: its URL, its own JID, and the way from one to the
 * other.
 *
 * Noun: the backend. Invariant: its URL's scheme, host and port are the configuration's, with the
 * JID's node where it says so; a caller chooses no more than a checked path. Pure; any thread, one
 * at a time. */
#ifndef GW_BACKEND_H
#define GW_BACKEND_H

#include <stdbool.h>
#include <stddef.h>

#include "serve/device_path.h"
#include "serve/service.h"

enum { GW_BACKEND_JID_BYTES = 1100, GW_BACKEND_URL_BYTES = 2048 };

struct gw_backend {
    const struct gw_service *service;
    struct gw_match match;
    char jid[GW_BACKEND_JID_BYTES];      /* bare */
    char base[GW_BACKEND_URL_BYTES];     /* the serve's url for this JID */
    char url[GW_BACKEND_URL_BYTES];      /* of this request: base, or its authority with the path */
    char path[GW_DEVICE_PATH_BYTES + 1]; /* decoded, "": base's own */
};

/* The backend of the first serve of that link whose pattern is to's bare JID; of a component's the
 * resource is the path if the serve says so. 0, or -1 with *condition (RFC 6120 8.3.3) and one
 * sentence in why: nobody serves it, a path that may not be. */
int gw_backend_find(struct gw_backend *backend, const struct gw_services *services,
                    const char *link, const char *to, const char **condition, char *why,
                    size_t why_bytes);
/* Sets the path that came in an account's header block. As gw_backend_find(). */
int gw_backend_set_path(struct gw_backend *backend, const char *path, const char **condition,
                        char *why, size_t why_bytes);

/* Whether an absolute URL has the backend's authority, or that of an alias. */
bool gw_backend_is_own(const struct gw_backend *backend, const char *url);

/* gw_rewrite_fn: user is the struct gw_backend. An http(s) URL of the backend, or of its aliases,
 * as xmpp: address; and the other way. */
int gw_backend_to_xmpp(void *user, const char *address, char *out, size_t out_bytes);
int gw_backend_to_http(void *user, const char *address, char *out, size_t out_bytes);

#endif

/* name.h - what a client calls its request by, so that it runs once: a key or a MessageID.
 *
 * Noun: the name. Pure; any thread. */
#ifndef GW_NAME_H
#define GW_NAME_H

#include <stddef.h>

#include "config/config.h"
#include "http/request.h"
#include "soap/glance.h"

enum { GW_NAME_BYTES = 256 };

struct gw_name {
    const char *kind; /* "key", "message-id"; NULL: the request has no name */
    char text[GW_NAME_BYTES];
};

/* An Idempotency-Key, as a structured field's string or bare; else, if the route says so, the
 * MessageID. 0; or 400 with one sentence in why: two of them, empty, longer than 255 bytes, not
 * printable. A request whose name can't be read has to be refused: it would run twice. */
int gw_name_read(struct gw_name *name, const struct gw_request *request,
                 const struct gw_route_config *route, const struct gw_glance *glance, char *why,
                 size_t why_bytes);
/* The part of it that reads the header field's value. */
int gw_name_read_key(struct gw_name *name, const char *key, char *why, size_t why_bytes);

#endif

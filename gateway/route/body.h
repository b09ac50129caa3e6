/* body.h - what a client has posted, as an envelope that can be called with.
 *
 * Noun: the body. Invariant: what it holds is well-formed UTF-8 without DOCTYPE, declaration,
 * comments and processing instructions (soap_xmpp_clean()), and an envelope of SOAP 1.1 or 1.2: its
 * namespace says which, whatever the Content-Type is. Any thread. */
#ifndef GW_BODY_H
#define GW_BODY_H

#include <stddef.h>

#include "http/request.h"
#include "soap/glance.h"

enum { GW_BODY_ACTION_BYTES = 512 };

struct gw_body {
    char *envelope; /* malloc'ed */
    size_t bytes;
    struct gw_glance glance;
    char action[GW_BODY_ACTION_BYTES]; /* "": none */
};

/* 0; or the HTTP status to answer with and one sentence in why: 400, 413, 415, 503 (no memory).
 * gw_body_free() is due in any case. Takes as long as its bytes want. */
int gw_body_read(struct gw_body *body, const struct gw_request *request, size_t most_bytes,
                 char *why, size_t why_bytes);
void gw_body_free(struct gw_body *body);

#endif

/* body.h - what a client has posted, as an envelope that can be called with.
 *
 * Noun: the body. Invariant: what it holds is well-formed UTF-8 without DOCTYPE, declaration,
 * comments and processing instructions (soap_xmpp_clean()), and an envelope of SOAP 1.1 or 1.2: its
 * namespace says which, whatever the Content-Type is. Any thread. */
#ifndef GW_BODY_H
#define GW_BODY_H

#include <stddef.h>

#include "http/request.h"
#include "soap/cargo.h"
#include "soap/glance.h"

enum { GW_BODY_ACTION_BYTES = 512 };

struct gw_body {
    char *envelope; /* malloc'ed */
    size_t bytes;
    struct gw_glance glance;
    char action[GW_BODY_ACTION_BYTES]; /* "": none */
    bool is_package;                   /* it came as MTOM, so its answer goes as one */
    bool has_attachments;     /* SOAP with Attachments: cargo has them until it is loaded */
    bool had_must_understand; /* the client's own envelope says mustUnderstand */
    struct gw_cargo cargo;
};

/* Both: 0; or the HTTP status to answer with and one sentence in why: 400, 413, 415, 503 (no
 * memory). They take as long as their bytes want. gw_body_free() is due in any case. */

/* MTOM's parts become base64 in their places. */
int gw_body_read(struct gw_body *body, const struct gw_request *request, size_t most_bytes,
                 char *why, size_t why_bytes);
/* Puts what goes along to another gateway into the envelope: attachments, and a path if it isn't
 * "". */
int gw_body_load(struct gw_body *body, const char *path, size_t most_bytes, char *why,
                 size_t why_bytes);
void gw_body_free(struct gw_body *body);

#endif

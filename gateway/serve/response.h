/* response.h - what a backend's HTTP response becomes.
 *
 * Noun: the response. One pass over what came: out of its package if it is one, cleaned, looked at,
 * its addresses turned into xmpp: ones. Any thread; takes time by the size of what came. */
#ifndef GW_RESPONSE_H
#define GW_RESPONSE_H

#include "client/client.h"
#include "serve/backend.h"
#include "serve/verdict.h"

enum { GW_RESPONSE_WHY_BYTES = 600 };

struct gw_response {
    enum gw_reply reply;
    const char *condition; /* of a decline */
    char *envelope;        /* malloc'ed, of an answer; becomes the caller's */
    size_t envelope_bytes;
    bool is_fault;
    bool was_executed;                 /* of a refusal: certainly */
    char why[GW_RESPONSE_WHY_BYTES];   /* for the caller */
    char brief[GW_RESPONSE_WHY_BYTES]; /* the same without any of the body, for the log */
};

/* version: of the request, 11 or 12. most_bytes: of an envelope, once it is out of its package. */
void gw_response_read(struct gw_response *response, const struct gw_client_answer *came,
                      int version, const struct gw_backend *backend, size_t most_bytes);

#endif

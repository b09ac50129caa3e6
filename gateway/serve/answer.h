/* answer.h - what a backend's HTTP response becomes.
 *
 * Noun: the answer. One pass over what came: out of its package if it is one, cleaned, looked at,
 * its addresses turned into xmpp: ones. Any thread; takes time by the size of what came. */
#ifndef GW_ANSWER_H
#define GW_ANSWER_H

#include "client/client.h"
#include "serve/backend.h"
#include "serve/outcome.h"

enum { GW_ANSWER_WHY_BYTES = 600 };

struct gw_answer {
    enum gw_reply reply;
    const char *condition; /* of a decline */
    char *envelope;        /* malloc'ed, of an answer; becomes the caller's */
    size_t envelope_bytes;
    bool is_fault;
    bool was_executed; /* of a refusal: certainly */
    char why[GW_ANSWER_WHY_BYTES];
};

/* version: of the request, 11 or 12. most_bytes: of an envelope, once it is out of its package. */
void gw_answer_read(struct gw_answer *answer, const struct gw_client_answer *came, int version,
                    const struct gw_backend *backend, size_t most_bytes);

#endif

/* verdict.h - what a caller is told of what came from its backend.
 *
 * Noun: the verdict. Pure; any thread. Invariant: a request is declined only if the backend has
 * certainly not executed it; what may have been executed is refused, for a caller that could not
 * know that would send it again. */
#ifndef GW_VERDICT_H
#define GW_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "client/client.h"

enum gw_content {
    GW_CONTENT_EMPTY, /* nothing, or white space */
    GW_CONTENT_OTHER, /* no envelope */
    GW_CONTENT_ENVELOPE
};

enum gw_reply {
    GW_REPLY_ANSWER,  /* the envelope */
    GW_REPLY_EMPTY,   /* done, without one */
    GW_REPLY_DECLINE, /* not executed */
    GW_REPLY_REFUSE   /* nobody knows, or executed without an answer that can be given */
};

struct gw_verdict {
    enum gw_reply reply;
    const char *condition; /* RFC 6120 8.3.3, of a decline */
};

struct gw_verdict gw_verdict_decide(enum gw_client_end end, bool was_sent, int status,
                                    enum gw_content content);
/* One sentence on an answer that is none: "the backend answered 503: ...", with the first 200 bytes
 * of body, as they may stand on a line. */
void gw_verdict_text(int status, const char *body, size_t body_bytes, char *out, size_t out_bytes);

#endif

/* post.h - the header fields of a request to a backend.
 *
 * Noun: the post. Invariant: no text of the caller's ends a field or begins another one, and none
 * but the gateway says who the caller is (X-Xmpp-From). Pure; any thread. */
#ifndef GW_POST_H
#define GW_POST_H

#include <stddef.h>

#include "client/client.h"

enum { GW_POST_HEADERS = 8, GW_POST_ACTION_BYTES = 1024 };

struct gw_post {
    struct gw_header headers[GW_POST_HEADERS];
    char content_type[GW_POST_ACTION_BYTES + 128];
    char action[GW_POST_ACTION_BYTES];
    char *from; /* malloc'ed */
};

struct gw_post_of {
    int version;                             /* 11, 12 */
    const char *action, *from, *traceparent; /* action "": none */
    const char *content_type; /* of a package, with its action; NULL: of an envelope */
};

/* 0, or -1 with one sentence in why, and nothing is left: an action that no header field can say,
 * no memory. Texts of `of` must live as long as the post. */
int gw_post_write(struct gw_post *post, const struct gw_post_of *of, char *why, size_t why_bytes);
void gw_post_fini(struct gw_post *post);

#endif

/* redirect.h - where a server sends us to in its own place (RFC 6120 4.9.3.19).
 *
 * Noun: the redirects of one attempt, one after the other. Text alone: no I/O, and nothing is
 * looked up.
 *
 * Invariant: there are SX_REDIRECT_MOST at most, and no two are alike. Thread: any.
 */
#ifndef SX_NET_REDIRECT_H
#define SX_NET_REDIRECT_H

#include <stdbool.h>

#include "base/fault.h"

/* A target of so many bytes is refused, one that negotiation.h has cut among them. */
enum { SX_REDIRECT_MOST = 3, SX_REDIRECT_HOST_BYTES = 296 };

struct sx_redirect_target {
    char host[SX_REDIRECT_HOST_BYTES]; /* a name or an address, without brackets */
    int port;                          /* 0: it says none */
    bool is_direct; /* TLS began with the first byte where this was said, so perhaps there too */
};

/* Zero at first. */
struct sx_redirect {
    unsigned count;
    struct sx_redirect_target at[SX_REDIRECT_MOST];
};

/* Appends what a server says: "host", "host:port", an IPv6 address in brackets. SX_ESTREAM: it is
 * none of them, was there before, or is one too many. SX_ENOMEM. *redirect is untouched then, and
 * *why goes on in a sentence that ends with the target. */
enum sx_err sx_redirect_add(struct sx_redirect *redirect, const char *target, bool is_direct,
                            const char **why);

#endif

/* package.h - what a request's envelope becomes as the body of a POST.
 *
 * Noun: the package. What a gateway has put in goes out: a device's path, attachments; addresses of
 * ours become the backend's; a backend that takes MTOM gets parts. Takes time by the envelope's
 * size; any thread. */
#ifndef GW_PACKAGE_H
#define GW_PACKAGE_H

#include <stddef.h>

#include "link/link.h"
#include "serve/backend.h"

struct gw_package {
    char *body; /* malloc'ed */
    size_t bytes;
    char content_type[2048]; /* of a multipart; "": the envelope's */
};

/* 0, or -1 with *condition (RFC 6120 8.3.3) and one sentence in why; backend gets the path. */
int gw_package_make(struct gw_package *package, struct gw_backend *backend,
                    const struct gw_incoming *incoming, size_t most_bytes, const char **condition,
                    char *why, size_t why_bytes);
void gw_package_fini(struct gw_package *package);

#endif

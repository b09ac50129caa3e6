/* digest.h - SHA-256 of some texts, each told apart from the next.
 *
 * Noun: the digest. Two lists of texts have the same one only if they are the same list. */
#ifndef GW_DIGEST_H
#define GW_DIGEST_H

#include <stddef.h>

enum { GW_DIGEST_BYTES = 32 };

struct gw_digest_text {
    const void *bytes;
    size_t len;
};

/* 0; or -1: no memory. Any thread. */
int gw_digest_make(const struct gw_digest_text *texts, size_t count,
                   unsigned char digest[GW_DIGEST_BYTES]);

#endif

/* multipart.h - multipart/related (RFC 2387): an envelope and its parts, read and written.
 *
 * Noun: the multipart. Invariant: parts are found by Content-ID (brackets off, percent-encoding
 * decoded), each at most once; 1,000 parts, 8 KiB of headers each. */
#ifndef GW_MULTIPART_H
#define GW_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>

#include "soap/cargo.h"
#include "soap/media_type.h"

struct gw_multipart {
    struct gw_media_type root; /* of the root part: text/xml, application/soap+xml, xop+xml */
    bool is_xop;
    char *envelope; /* malloc'ed */
    size_t envelope_bytes;
    struct gw_part *parts; /* without the root */
    size_t part_count;
};
/* 0, or -1 with one sentence in why. */
int gw_multipart_read(struct gw_multipart *multipart, const struct gw_media_type *type,
                      const char *body, size_t bytes, char *why, size_t why_bytes);
/* The body, malloc'ed, and its Content-Type; NULL without memory. boundary is drawn so that it
 * isn't in any part. */
char *gw_multipart_write(const struct gw_multipart *multipart, int version, const char *action,
                         size_t *bytes, char *content_type, size_t content_type_bytes);
void gw_multipart_free(struct gw_multipart *multipart);

#endif

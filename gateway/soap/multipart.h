/* multipart.h - multipart/related (RFC 2046, RFC 2387): an envelope and its parts, read and
 * written.
 *
 * Noun: the multipart. Invariant: parts have ids of their own; 1,000 parts (GW_CARGO_PARTS), 8 KiB
 * of headers each. Bytes of a part are as they came, but for a Content-Transfer-Encoding,
 * which is decoded. What a client sends on lines that end in LF alone is read, too.
 *
 * Cost: linear; one look for the boundary. */
#ifndef GW_MULTIPART_H
#define GW_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>

#include "soap/cargo.h"
#include "soap/media_type.h"

struct gw_multipart {
    struct gw_media_type root; /* of the root part: text/xml, application/soap+xml, xop+xml */
    bool is_xop;
    char *envelope; /* malloc'ed, NUL-terminated beyond envelope_bytes */
    size_t envelope_bytes;
    struct gw_part *parts; /* without the root; id is a Content-ID without its brackets */
    size_t part_count;
};
/* type is that of the body: multipart/related. 0, or -1 with one sentence in why, and *multipart is
 * zero: no boundary, a body that ends before its last one, a part whose header can't be read or
 * isn't printable ASCII, two with one id, no root, an encoding that isn't known, no memory; errno
 * as gw_scan_read() has it. Any thread. */
int gw_multipart_read(struct gw_multipart *multipart, const struct gw_media_type *type,
                      const char *body, size_t bytes, char *why, size_t why_bytes);
/* The part that an URL "cid:.." means (RFC 2392), or NULL. Senders differ in what they encode: the
 * id as it stands in the URL is tried as well, and both of them decoded. */
struct gw_part *gw_multipart_find(const struct gw_multipart *multipart, const char *url);
/* The body, malloc'ed, and its Content-Type, which has room for 1 KiB beyond the action; NULL
 * without memory or room. With is_xop it is a package of MTOM. The boundary is random, and in no
 * part. */
char *gw_multipart_write(const struct gw_multipart *multipart, int version, const char *action,
                         size_t *bytes, char *content_type, size_t content_type_bytes);
void gw_multipart_free(struct gw_multipart *multipart); /* zero afterwards */

#endif

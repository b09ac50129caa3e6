/* mtom.h - MTOM: parts into an envelope as base64, and base64 out of it as parts (XOP 1.0).
 *
 * Noun: the package. Invariant: the text in the place of an xop:Include is what XOP says the
 * infoset has; and what gw_mtom_take() makes of an envelope gw_mtom_put() makes the same envelope
 * of, byte for byte, since no text becomes a part that isn't canonical base64. */
#ifndef GW_MTOM_H
#define GW_MTOM_H

#include <stddef.h>

#include "config/config.h"
#include "soap/multipart.h"

enum { GW_MTOM_PART_CHARS = 1024 }; /* a text with fewer stays where it is */

/* Both have errno as gw_scan_read() has it on failure.
 *
 * The envelope of a package with each xop:Include replaced; each part is used once at least.
 * malloc'ed, NUL-terminated; NULL with one sentence in why: an Include that isn't alone in its
 * element, or whose part isn't there, a part that isn't used, more than 1,000 Includes, over
 * most_bytes, no XML in UTF-8, no memory. Any thread. */
char *gw_mtom_put(const struct gw_multipart *package, size_t most_bytes, size_t *bytes, char *why,
                  size_t why_bytes);
/* Makes a package: the text of elements that have xmime:contentType, or that are listed, becomes a
 * part when it is canonical base64 of GW_MTOM_PART_CHARS or more; 1,000 parts, maybe none. The
 * result is for gw_multipart_write(). Returns 0, or -1 with one sentence in why, and *package is
 * zero: no XML, an xop:Include in it, which XOP forbids, no memory. */
int gw_mtom_take(struct gw_multipart *package, const struct gw_strings *elements,
                 const char *envelope, size_t bytes, char *why, size_t why_bytes);

#endif

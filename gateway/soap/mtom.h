/* mtom.h - MTOM: parts into an envelope as base64, and base64 out of it as parts (XOP 1.0).
 *
 * The text in the place of an xop:Include is what XOP says the infoset has. */
#ifndef GW_MTOM_H
#define GW_MTOM_H

#include <stddef.h>

#include "config/config.h"
#include "soap/multipart.h"

/* The envelope of a package with each xop:Include replaced; each part is used once at least. NULL
 * with one sentence in why: a part that isn't there or isn't used, over most_bytes. malloc'ed. */
char *gw_mtom_put(const struct gw_multipart *package, size_t most_bytes, size_t *bytes, char *why,
                  size_t why_bytes);
/* Makes a package: elements over 1 KiB of base64 that have xmime:contentType or are listed become
 * parts; the result is read with gw_multipart_write(). -1 with one sentence in why. */
int gw_mtom_take(struct gw_multipart *package, const struct gw_strings *elements,
                 const char *envelope, size_t bytes, char *why, size_t why_bytes);

#endif

/* packing.h - answers that go packed, to clients that take gzip. Any thread. */
#ifndef GW_PACKING_H
#define GW_PACKING_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

/* Whether a client that sent this Accept-Encoding (or NULL) takes gzip. */
bool gw_packing_is_taken(const char *accepted);
/* An answer with this body packed, or NULL: it isn't worth it, or memory is short, and body is
 * still the caller's. Else body is the answer's. Large ones are packed while they are sent. */
struct MHD_Response *gw_packing_answer(char *body, size_t bytes);

#endif

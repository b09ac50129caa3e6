/* envelope.h - an envelope that came as an answer, as an HTTP client gets it.
 *
 * Noun: the envelope, with its media type: alone, or with the parts that belong to it. Any thread;
 * takes as long as its bytes want. */
#ifndef GW_ENVELOPE_H
#define GW_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"

enum { GW_ENVELOPE_TYPE_BYTES = 1536 };

struct gw_envelope {
    int version;
    char *bytes; /* malloc'ed */
    size_t len;
    char content_type[GW_ENVELOPE_TYPE_BYTES];
};

/* Takes out of an envelope what another gateway has sent along, if it has: its attachments then
 * stand beside it, as SOAP with Attachments. 0, or -1 with one sentence in why: what goes along
 * can't be read, is over most_bytes, no memory; the envelope is as it was. */
int gw_envelope_unload(struct gw_envelope *envelope, size_t most_bytes, char *why,
                       size_t why_bytes);
/* Makes a package of MTOM of an envelope that stands alone, for a client that has sent one: base64
 * in listed elements becomes parts. What can't become a package stays what it is. */
void gw_envelope_pack(struct gw_envelope *envelope, const struct gw_strings *elements);

#endif

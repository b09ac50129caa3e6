/* mime_header.h - what stands before a part's bytes (RFC 2045 3, RFC 822 3.2).
 *
 * Noun: the header of a part. Invariant: what is read of it is printable ASCII; white space around
 * it is off, a tab is a blank, and lines that are folded are one. Pure; any thread. */
#ifndef GW_MIME_HEADER_H
#define GW_MIME_HEADER_H

#include <stddef.h>

enum { GW_MIME_HEADER_BYTES = 8192, GW_MIME_ID_BYTES = 256 };

enum gw_mime_encoding { GW_MIME_AS_IT_IS, GW_MIME_BASE64, GW_MIME_QUOTED_PRINTABLE };

struct gw_mime_header {
    char id[GW_MIME_ID_BYTES + 2];  /* Content-ID, its brackets off; "" */
    char type[GW_MIME_ID_BYTES];    /* Content-Type; "" */
    enum gw_mime_encoding encoding; /* Content-Transfer-Encoding */
};

/* Reads from *at, which is set behind the empty line, up to end at most. 0, or -1 with one sentence
 * in why, and errno EINVAL: no end within GW_MIME_HEADER_BYTES, a value that is too long or isn't
 * printable ASCII, an encoding that isn't known. */
int gw_mime_header_read(struct gw_mime_header *header, const char **at, const char *end, char *why,
                        size_t why_bytes);
/* "<id>" becomes "id". */
void gw_mime_header_cut_brackets(char *id);

#endif

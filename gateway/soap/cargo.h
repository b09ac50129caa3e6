/* cargo.h - what goes along with an envelope from one gateway to another, in a header block.
 *
 *   <g:cargo xmlns:g="urn:soap-xmpp:gateway:1" path="/onvif/media" header="none">
 *     <g:part id="photo@shop" type="image/jpeg">base64</g:part>
 *   </g:cargo>
 *
 * Noun: the cargo: the path of an account's device, and attachments (SOAP with Attachments), which
 * are no part of the infoset and have no place in XEP-0072. The block is spliced in at the end of
 * the Header, and out again: what reaches the backend is byte for byte what the client sent, as
 * long as the envelope goes packed. header says that there was no Header ("none"), or "<Header/>"
 * ("empty"), and isn't there otherwise. With parts the block has mustUnderstand, so that a service
 * which knows no gateway says so by SOAP's own fault (SOAP 1.1 4.2.3, 1.2 part 1 5.2.3) instead of
 * losing them. */
#ifndef GW_CARGO_H
#define GW_CARGO_H

#include <stddef.h>

enum { GW_CARGO_PARTS = 1000 };

struct gw_part {
    char *id, *type; /* printable ASCII */
    char *bytes;     /* NUL-terminated beyond len */
    size_t len;
};
struct gw_cargo {
    char *path; /* "": none; NULL in one that is zero */
    struct gw_part *parts;
    size_t part_count;
};
void gw_cargo_free(struct gw_cargo *cargo); /* zero afterwards */

/* The envelope with the block in it; malloc'ed, NUL-terminated; NULL with one sentence in why: no
 * envelope of that version, a cargo in it already, an id or a type that can't be written, more than
 * most_bytes; errno as gw_scan_read() has it. Neither this nor take() reads beyond the Header. Any
 * thread. */
char *gw_cargo_put(const struct gw_cargo *cargo, int version, const char *envelope, size_t bytes,
                   size_t most_bytes, size_t *out_bytes, char *why, size_t why_bytes);
/* The envelope without it, and what it held; malloc'ed, byte for byte what gw_cargo_put() was
 * given. Without a block *cargo is empty, and the result a copy. NULL with one sentence in why, and
 * *cargo is empty: no envelope, a block that is none, two of them, 1,000 parts, more than
 * most_bytes in them. */
char *gw_cargo_take(struct gw_cargo *cargo, const char *envelope, size_t bytes, size_t most_bytes,
                    size_t *out_bytes, char *why, size_t why_bytes);

#endif

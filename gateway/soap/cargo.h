/* cargo.h - what goes along with an envelope from one gateway to another, in a header block.
 *
 *   <g:cargo xmlns:g="urn:soap-xmpp:gateway:1" path="/onvif/media">
 *     <g:part id="photo@shop" type="image/jpeg">base64</g:part>
 *   </g:cargo>
 *
 * Noun: the cargo: the path of an account's device, and attachments (SOAP with Attachments), which
 * are no part of the infoset and have no place in XEP-0072. The block is spliced in at the end of
 * the Header, and out again: what reaches the backend is byte for byte what the client sent. With
 * parts it has mustUnderstand, so that a service which knows no gateway says so by SOAP's own fault
 * (SOAP 1.1 4.2.3, 1.2 part 1 5.2.3) instead of losing them. */
#ifndef GW_CARGO_H
#define GW_CARGO_H

#include <stddef.h>

struct gw_part {
    char *id, *type;
    char *bytes;
    size_t len;
};
struct gw_cargo {
    char *path; /* "" : none */
    struct gw_part *parts;
    size_t part_count;
};
void gw_cargo_free(struct gw_cargo *cargo);

/* The envelope with the block in it; malloc'ed; NULL with one sentence in why. */
char *gw_cargo_put(const struct gw_cargo *cargo, int version, const char *envelope, size_t bytes,
                   size_t most_bytes, size_t *out_bytes, char *why, size_t why_bytes);
/* The envelope without it, and what it held; malloc'ed, byte for byte what gw_cargo_put() was
 * given. Without a block *cargo is empty, and the result a copy. NULL with one sentence in why: a
 * block that is none, two of them, more than most_bytes. */
char *gw_cargo_take(struct gw_cargo *cargo, const char *envelope, size_t bytes, size_t most_bytes,
                    size_t *out_bytes, char *why, size_t why_bytes);

#endif

/* base64.h - base64 (RFC 4648 4) that is written and read in pieces.
 *
 * Noun: the base64 text. Pure; any thread. */
#ifndef GW_BASE64_H
#define GW_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "contract/text.h"

/* Canonical: padded, no white space. */
void gw_base64_put(struct ct_text *out, const char *bytes, size_t len);
/* How many characters that many bytes become. */
size_t gw_base64_size(size_t len);

/* What has been read of a text; zero at its beginning. */
struct gw_base64 {
    uint32_t bits;
    unsigned chars, pads; /* chars: modulo 4 */
};
#define GW_BASE64_ROOM(LEN) ((LEN) / 4 * 3 + 3)
/* Reads a piece, white space left out, into out, which has room for len bytes; *out_len is how much
 * that was. false: it is no base64. */
bool gw_base64_read(struct gw_base64 *base64, const char *chars, size_t len, char *out,
                    size_t *out_len);
/* Whether what has been read is whole. */
bool gw_base64_is_whole(const struct gw_base64 *base64);
/* Whether it is what gw_base64_put() writes of its bytes. */
bool gw_base64_is_canonical(const char *chars, size_t len);

#endif

/* digest.c - SHA-256 of some texts, each told apart from the next: its length stands before it. */
#include "base/digest.h"

#include <gnutls/crypto.h>
#include <stdint.h>

static int add(gnutls_hash_hd_t hash, const struct gw_digest_text *text)
{
    uint64_t len = text->len;
    int result = gnutls_hash(hash, &len, sizeof len);
    return result || text->len == 0 ? result : gnutls_hash(hash, text->bytes, text->len);
}

int gw_digest_make(const struct gw_digest_text *texts, size_t count,
                   unsigned char digest[GW_DIGEST_BYTES])
{
    gnutls_hash_hd_t hash;
    int result = 0;
    if (gnutls_hash_init(&hash, GNUTLS_DIG_SHA256))
        return -1;
    for (size_t i = 0; i < count && result == 0; i++)
        result = add(hash, &texts[i]);
    gnutls_hash_deinit(hash, digest);
    return result ? -1 : 0;
}

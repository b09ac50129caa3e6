/* base64.c - bytes as letters and back, RFC 4648 section 4: OpenSSL converts, this file is strict.
 *
 * Invariant: a text is decoded only if encoding gives it again: nothing but the alphabet, padding
 * at the very end, no bits left over in the last letter (sections 3.2, 3.3 and 3.5; XEP-0047
 * section 6 wants peers held to it). OpenSSL takes more: white space at both ends, '=' for 'A'
 * anywhere, bits left over.
 *
 * Happy path: sx_base64_add for what is sent, sx_base64_decode in the place of what came.
 * Failure: no memory marks the buffer failed; a byte that is no base64 makes the decoder say false.
 */
#include "base/base64.h"

#include <openssl/evp.h>
#include <string.h>

enum {
    GROUP_BYTES = 3,
    GROUP_LETTERS = 4,
    DECODE_LETTERS = 4096, /* at once, into a buffer on the stack */
    DECODE_BYTES = DECODE_LETTERS / GROUP_LETTERS * GROUP_BYTES,
    ENCODE_BYTES = 3 << 20 /* at once: OpenSSL counts in int */
};

size_t sx_base64_len(size_t bytes)
{
    return (bytes + GROUP_BYTES - 1) / GROUP_BYTES * GROUP_LETTERS;
}

void sx_base64_add(struct sx_buffer *out, const char *bytes, size_t len)
{
    if (!len || !sx_buffer_reserve(out, sx_base64_len(len)))
        return;
    while (len) {
        size_t piece = len < ENCODE_BYTES ? len : ENCODE_BYTES;
        out->len += (size_t)EVP_EncodeBlock((unsigned char *)out->bytes + out->len,
                                            (const unsigned char *)bytes, (int)piece);
        bytes += piece;
        len -= piece;
    }
}

/* Whole groups; '=' counts as 'A'. False: there is another byte than these among them. */
static bool decode_groups(const char *text, size_t text_len, char *bytes)
{
    unsigned char piece[DECODE_BYTES];
    while (text_len) {
        size_t letters = text_len < DECODE_LETTERS ? text_len : DECODE_LETTERS;
        int len = (int)(letters / GROUP_LETTERS * GROUP_BYTES);
        /* White space that OpenSSL leaves out shows in the length. */
        if (EVP_DecodeBlock(piece, (const unsigned char *)text, (int)letters) != len)
            return false;
        memcpy(bytes, piece, (size_t)len);
        text += letters;
        bytes += len;
        text_len -= letters;
    }
    return true;
}

/* Whether these bytes, fewer than a whole group, are written as these letters. */
static bool is_text_of(const char *letters, const char *bytes, size_t len)
{
    unsigned char text[GROUP_LETTERS + 1];
    EVP_EncodeBlock(text, (const unsigned char *)bytes, (int)len);
    return memcmp(text, letters, GROUP_LETTERS) == 0;
}

bool sx_base64_decode(char *text, size_t text_len, size_t *len)
{
    char last[GROUP_LETTERS];
    const char *padding;
    size_t padded, count;

    if (text_len % GROUP_LETTERS)
        return false;
    padding = memchr(text, '=', text_len);
    padded = padding ? (size_t)(text + text_len - padding) : 0;
    if (padded >= GROUP_BYTES)
        return false;
    if (padded)
        memcpy(last, text + text_len - GROUP_LETTERS, GROUP_LETTERS);
    if (!decode_groups(text, text_len, text))
        return false;
    count = text_len / GROUP_LETTERS * GROUP_BYTES - padded;
    if (padded && !is_text_of(last, text + count - (GROUP_BYTES - padded), GROUP_BYTES - padded))
        return false;
    *len = count;
    return true;
}

/* See base64.h. */
#include "soap/base64.h"

#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum { WHITE = 64, PAD, NONE, GROUPS = 1024 };

size_t gw_base64_size(size_t len)
{
    return (len / 3 + (len % 3 != 0)) * 4;
}

static void write_group(const unsigned char *bytes, size_t len, char *out)
{
    uint32_t bits = (uint32_t)bytes[0] << 16 | (len > 1 ? (uint32_t)bytes[1] << 8 : 0) |
                    (len > 2 ? bytes[2] : 0);
    out[0] = alphabet[bits >> 18];
    out[1] = alphabet[bits >> 12 & 63];
    out[2] = len > 1 ? alphabet[bits >> 6 & 63] : '=';
    out[3] = len > 2 ? alphabet[bits & 63] : '=';
}

void gw_base64_put(struct ct_text *out, const char *bytes, size_t len)
{
    const unsigned char *at = (const unsigned char *)bytes;
    char chars[(size_t)GROUPS * 4];
    while (len && !ct_text_failed(out)) {
        size_t written = 0;
        while (len && written < sizeof chars) {
            size_t group = len < 3 ? len : 3;
            write_group(at, group, chars + written);
            at += group;
            len -= group;
            written += 4;
        }
        ct_text_add(out, chars, written);
    }
}

static unsigned value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (unsigned)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (unsigned)(c - 'a') + 26;
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0') + 52;
    switch (c) {
    case '+':
        return 62;
    case '/':
        return 63;
    case '=':
        return PAD;
    case ' ':
    case '\t':
    case '\r':
    case '\n':
        return WHITE;
    default:
        return NONE;
    }
}

bool gw_base64_read(struct gw_base64 *base64, const char *chars, size_t len, char *out,
                    size_t *out_len)
{
    char *at = out;
    for (size_t i = 0; i < len; i++) {
        unsigned value = value_of(chars[i]);
        if (value == WHITE)
            continue;
        if (value == NONE || (value != PAD && base64->pads))
            return false;
        if (value == PAD && ++base64->pads > 2)
            return false;
        base64->bits = base64->bits << 6 | (value == PAD ? 0 : value);
        base64->chars = (base64->chars + 1) % 4;
        if (base64->chars)
            continue;
        for (unsigned byte = 0; byte < 3 - base64->pads; byte++)
            *at++ = (char)(base64->bits >> (16 - 8 * byte) & 0xFF);
    }
    *out_len = (size_t)(at - out);
    return true;
}

bool gw_base64_is_whole(const struct gw_base64 *base64)
{
    return base64->chars == 0;
}

bool gw_base64_is_canonical(const char *chars, size_t len)
{
    size_t pads = 0;
    if (len % 4)
        return false;
    while (pads < 2 && pads < len && chars[len - 1 - pads] == '=')
        pads++;
    for (size_t i = 0; i < len - pads; i++)
        if (value_of(chars[i]) >= WHITE)
            return false;
    if (!pads)
        return true;
    /* The bits of the last character that belong to no byte. */
    return (value_of(chars[len - 1 - pads]) & (pads == 1 ? 3U : 15U)) == 0;
}

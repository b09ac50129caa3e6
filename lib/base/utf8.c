/* utf8.c - characters in bytes.
 *
 * Invariant: what decode accepts, encode writes as the same bytes.
 *
 * Happy path: lead byte -> length -> continuation bytes. Failure: bytes that are no UTF-8 have no
 * length; who must go on all the same takes them one by one (sx_utf8_next).
 */
#include "base/utf8.h"

#include <string.h>

/* The length of the character at text, 0 if there is none: RFC 3629 section 4. Reads no byte beyond
 * the first that doesn't fit. Inline: it sees every character beyond ASCII of every envelope. */
static inline size_t measure(const unsigned char *text)
{
    unsigned char lead = text[0], next;
    size_t len = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4, i;
    if (lead < 0x80)
        return 1;
    if (lead < 0xC2 || lead > 0xF4)
        return 0;
    next = text[1];
    if ((lead == 0xE0 && next < 0xA0) || (lead == 0xED && next > 0x9F) ||
        (lead == 0xF0 && next < 0x90) || (lead == 0xF4 && next > 0x8F))
        return 0;
    for (i = 1; i < len; i++)
        if ((text[i] & 0xC0) != 0x80)
            return 0;
    return len;
}

size_t sx_utf8_decode(const char *text, uint32_t *c)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t len = measure(bytes), i;
    uint32_t value;
    if (!len)
        return 0;
    value = len == 1 ? bytes[0] : bytes[0] & (0x7Fu >> len);
    for (i = 1; i < len; i++)
        value = value << 6 | (bytes[i] & 0x3Fu);
    *c = value;
    return len;
}

size_t sx_utf8_xml_len(const char *text)
{
    const unsigned char *bytes = (const unsigned char *)text;
    unsigned char lead = bytes[0];
    size_t len;
    if (lead < 0x80)
        return lead >= 0x20 || lead == '\t' || lead == '\n' || lead == '\r';
    len = measure(bytes);
    if (lead == 0xEF && len && bytes[1] == 0xBF && bytes[2] > 0xBD) /* U+FFFE, U+FFFF */
        return 0;
    return len;
}

uint32_t sx_utf8_next(const char **text)
{
    uint32_t c;
    size_t len = sx_utf8_decode(*text, &c);
    if (!len)
        return 0x110000u + (unsigned char)*(*text)++;
    *text += len;
    return c;
}

size_t sx_utf8_encode(uint32_t c, char out[SX_UTF8_CHAR_BYTES])
{
    static const unsigned char lead[SX_UTF8_CHAR_BYTES + 1] = {0, 0, 0xC0, 0xE0, 0xF0};
    size_t i, len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (i = len - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3F));
    out[0] = (char)(lead[len] | c);
    return len;
}

bool sx_utf8_is_ascii(const char *text)
{
    while (*text && (unsigned char)*text < 0x80)
        text++;
    return !*text;
}

bool sx_utf8_is_space(uint32_t c)
{
    return c == ' ' || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
           c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

/* ---- cutting ---- */

size_t sx_utf8_cut(const char *text, size_t len)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t start = len, width;
    while (start > 0 && len - start < SX_UTF8_CHAR_BYTES - 1 && (bytes[start - 1] & 0xC0) == 0x80)
        start--;
    if (start == 0 || bytes[start - 1] < 0xC0)
        return len;
    start--;
    width = bytes[start] >= 0xF0 ? 4 : bytes[start] >= 0xE0 ? 3 : 2;
    return len - start < width ? start : len;
}

void sx_utf8_drop_broken(char *text)
{
    char *end = text;
    uint32_t c;
    size_t len;
    for (; *text; text += len ? len : 1) {
        len = sx_utf8_decode(text, &c);
        memmove(end, text, len);
        end += len;
    }
    *end = '\0';
}

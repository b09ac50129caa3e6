/* utf8.c - characters in bytes.
 *
 * Invariant: what decode accepts, encode writes as the same bytes.
 *
 * Happy path: lead byte -> length -> continuation bytes. Failure: bytes that are no UTF-8 have no
 * length; who must go on all the same takes them one by one (sx_utf8_next).
 */
#include "base/utf8.h"

#include <locale.h>
#include <pthread.h>
#include <stdbool.h>
#include <wctype.h>

size_t sx_utf8_decode(const char *text, uint32_t *c)
{
    static const uint32_t smallest[SX_UTF8_CHAR_BYTES + 1] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *bytes = (const unsigned char *)text;
    size_t i, len = bytes[0] < 0x80 ? 1 : bytes[0] >= 0xF0 ? 4 : bytes[0] >= 0xE0 ? 3 : 2;
    uint32_t value;
    if (len == 1) {
        *c = bytes[0];
        return 1;
    }
    if (bytes[0] < 0xC2 || bytes[0] > 0xF4)
        return 0;
    value = bytes[0] & (0x7Fu >> len);
    for (i = 1; i < len; i++) {
        if ((bytes[i] & 0xC0) != 0x80)
            return 0;
        value = value << 6 | (bytes[i] & 0x3Fu);
    }
    if (value < smallest[len] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
        return 0;
    *c = value;
    return len;
}

size_t sx_utf8_xml_len(const char *text)
{
    uint32_t c = 0;
    size_t len = sx_utf8_decode(text, &c);
    bool is_allowed = c >= 0x20 || c == '\t' || c == '\n' || c == '\r';
    return len && is_allowed && c != 0xFFFE && c != 0xFFFF ? len : 0;
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

/* ---- case ---- */

static pthread_once_t locale_once = PTHREAD_ONCE_INIT;
static locale_t utf8_locale; /* written under locale_once; 0: fold ASCII only */

static void open_locale(void)
{
    /* glibc has it built in; the program's own locale may be anything and must not matter. */
    utf8_locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

uint32_t sx_utf8_fold(uint32_t c)
{
    if (c < 0x80)
        return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
    pthread_once(&locale_once, open_locale);
    return utf8_locale ? (uint32_t)towlower_l((wint_t)c, utf8_locale) : c;
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

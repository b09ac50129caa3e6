/* See plain.h. */
#include "contract/plain.h"

#include <string.h>

size_t ct_plain_character(const char *text, unsigned *code)
{
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *bytes = (const unsigned char *)text;
    unsigned value = bytes[0];
    size_t len = value < 0x80 ? 1 : value < 0xE0 ? 2 : value < 0xF0 ? 3 : 4;
    if (len > 1) {
        if (value < 0xC2 || value > 0xF4)
            return 0;
        value &= 0xFFU >> (len + 1);
        for (size_t i = 1; i < len; i++) {
            if ((bytes[i] & 0xC0) != 0x80)
                return 0;
            value = value << 6 | (bytes[i] & 0x3F);
        }
        if (value < least[len] || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000))
            return 0;
    }
    if (code)
        *code = value;
    return len;
}

void ct_plain_make(char *text)
{
    while (*text) {
        unsigned code = 0;
        size_t len = ct_plain_character(text, &code);
        if (len == 0 || code < ' ' || (code >= 0x7F && code < 0xA0))
            memset(text, '?', len ? len : 1);
        text += len ? len : 1;
    }
}

void ct_plain_cut(char *text)
{
    size_t len = strlen(text), start = len;
    while (start > 0 && len - start < 3 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
        start--;
    if (start > 0 && (unsigned char)text[start - 1] >= 0xC0 &&
        ct_plain_character(text + start - 1, NULL) == 0)
        text[start - 1] = '\0';
}

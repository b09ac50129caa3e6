/* hex.c - hexadecimal digits.
 *
 * Invariant: what format writes, parse reads back to the same value. Upper case is none of ours.
 *
 * Happy path and failure: see hex.h.
 */
#include "base/hex.h"

static const char digits[] = "0123456789abcdef";

int sx_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void sx_hex_format(const void *bytes, size_t len, char *out)
{
    const unsigned char *from = bytes;
    size_t i;
    for (i = 0; i < len; i++) {
        *out++ = digits[from[i] >> 4];
        *out++ = digits[from[i] & 15];
    }
    *out = '\0';
}

bool sx_hex_parse(const char *text, size_t len, void *out)
{
    unsigned char *to = out;
    size_t i;
    for (i = 0; i < len; i++) {
        int high = sx_hex_digit(text[2 * i]), low = high < 0 ? -1 : sx_hex_digit(text[2 * i + 1]);
        if (low < 0)
            return false;
        to[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

char *sx_hex_format_number(uint64_t number, char *out)
{
    unsigned count = 1;
    while (count < SX_HEX_NUMBER_DIGITS && number >> (4 * count))
        count++;
    while (count--)
        *out++ = digits[number >> (4 * count) & 15];
    return out;
}

const char *sx_hex_parse_number(const char *text, uint64_t *number)
{
    const char *end = text;
    uint64_t value = 0;
    for (; sx_hex_digit(*end) >= 0; end++)
        value = value << 4 | (uint64_t)sx_hex_digit(*end);
    if (end == text || end - text > SX_HEX_NUMBER_DIGITS)
        return NULL;
    *number = value;
    return end;
}

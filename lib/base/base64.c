/* base64.c - bytes as letters and back, RFC 4648 section 4.
 *
 * Invariant: a text is decoded only if encoding gives it again: nothing but the alphabet, padding
 * at the very end, no bits left over in the last letter (sections 3.2, 3.3 and 3.5; XEP-0047
 * section 6 wants peers held to it).
 *
 * Happy path: sx_base64_add for what is sent, sx_base64_decode in the place of what came.
 * Failure: no memory marks the buffer failed; a byte that is no base64 makes the decoder say false.
 */
#include "base/base64.h"

#include <stdint.h>

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* One more than the letter's value, 0 for what is no letter. */
static const unsigned char values[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
};

size_t sx_base64_len(size_t bytes)
{
    return bytes / 3 * 4 + (bytes % 3 ? 4 : 0);
}

static void put(char *text, uint32_t group)
{
    text[0] = letters[group >> 18];
    text[1] = letters[(group >> 12) & 63];
    text[2] = letters[(group >> 6) & 63];
    text[3] = letters[group & 63];
}

void sx_base64_add(struct sx_buffer *out, const char *bytes, size_t len)
{
    const unsigned char *from = (const unsigned char *)bytes;
    size_t text_len = sx_base64_len(len);
    char *text;

    if (!len)
        return;
    if (!sx_buffer_reserve(out, text_len))
        return;
    text = out->bytes + out->len;
    for (; len >= 3; len -= 3, from += 3, text += 4)
        put(text, (uint32_t)from[0] << 16 | (uint32_t)from[1] << 8 | from[2]);
    if (len) {
        put(text, (uint32_t)from[0] << 16 | (len > 1 ? (uint32_t)from[1] << 8 : 0));
        text[3] = '=';
        if (len == 1)
            text[2] = '=';
    }
    out->len += text_len;
    out->bytes[out->len] = '\0';
}

/* The three bytes that four letters stand for; more than 24 bits if one is no letter. */
static uint32_t group_of(const unsigned char *text)
{
    uint32_t a = values[text[0]] - 1U, b = values[text[1]] - 1U, c = values[text[2]] - 1U,
             d = values[text[3]] - 1U;

    /* no letter is all ones, of which the upper byte stays whatever is shifted */
    return a << 18 | b << 12 | c << 6 | d | ((a | b | c | d) & 0xFF000000);
}

/* The last four letters, with what padding they have; how many bytes, 0 if they are no base64. */
static size_t decode_last(const unsigned char *text, char *bytes)
{
    unsigned char whole[4] = {text[0], text[1], text[2], text[3]};
    size_t count = 3;
    uint32_t group;

    if (whole[3] == '=') {
        whole[3] = 'A';
        count = 2;
        if (whole[2] == '=') {
            whole[2] = 'A';
            count = 1;
        }
    }
    group = group_of(whole);
    if (group > 0xFFFFFF || (group & (0xFFFFFFU >> (8 * count))))
        return 0;
    bytes[0] = (char)(group >> 16);
    if (count > 1)
        bytes[1] = (char)(group >> 8);
    if (count > 2)
        bytes[2] = (char)group;
    return count;
}

bool sx_base64_decode(char *text, size_t text_len, size_t *len)
{
    const unsigned char *from = (const unsigned char *)text, *last = from + text_len - 4;
    char *bytes = text;
    uint32_t group;
    size_t count;

    if (text_len % 4)
        return false;
    if (!text_len) {
        *len = 0;
        return true;
    }
    for (; from < last; from += 4, bytes += 3) {
        group = group_of(from);
        if (group > 0xFFFFFF)
            return false;
        bytes[0] = (char)(group >> 16);
        bytes[1] = (char)(group >> 8);
        bytes[2] = (char)group;
    }
    count = decode_last(from, bytes);
    if (!count)
        return false;
    *len = (size_t)(bytes - text) + count;
    return true;
}

/* plain.c - text of others, as it may stand on a line of a terminal.
 *
 * Invariant: what is plain already stays as it is. */
#include "plain.h"

#include <stddef.h>

/* The length of the character of UTF-8 at text (RFC 3629), 0 if it is none. */
static size_t character_length(const unsigned char *text)
{
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = text[0] < 0x80   ? 1
                 : text[0] < 0xc0 ? 0
                 : text[0] < 0xe0 ? 2
                 : text[0] < 0xf0 ? 3
                 : text[0] < 0xf8 ? 4
                                  : 0;
    unsigned code;
    size_t i;
    if (len < 2)
        return len;
    code = text[0] & (0xffU >> (len + 1));
    for (i = 1; i < len; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (text[i] & 0x3f);
    }
    return code < least[len] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? 0 : len;
}

void plain_make(char *text)
{
    unsigned char *at = (unsigned char *)text;
    while (*at) {
        size_t len = character_length(at);
        if (len == 0 || (len == 1 && (*at < ' ' || *at == 0x7f)))
            *at = '?';
        else if (len == 2 && at[0] == 0xc2 && at[1] < 0xa0)
            at[0] = at[1] = '?';
        at += len ? len : 1;
    }
}

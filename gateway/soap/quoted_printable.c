/* See quoted_printable.h. */
#include "soap/quoted_printable.h"

#include "base/hex.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Past blanks and the line's end, or past the last byte; 0: something else stands there. */
static size_t skip_end(const char *chars, size_t len)
{
    size_t at = 0;
    while (at < len && is_blank(chars[at]))
        at++;
    if (at == len)
        return at;
    if (chars[at] == '\r' && at + 1 < len && chars[at + 1] == '\n')
        return at + 2;
    return chars[at] == '\n' ? at + 1 : 0;
}

bool gw_quoted_printable_read(const char *chars, size_t len, char *out, size_t *out_len)
{
    size_t kept = 0, solid = 0; /* solid: blanks at a line's end are the transport's */
    for (size_t i = 0; i < len; i++) {
        if (chars[i] != '=') {
            if (chars[i] == '\r' || chars[i] == '\n')
                kept = solid;
            out[kept++] = chars[i];
            solid = is_blank(chars[i]) ? solid : kept;
            continue;
        }
        int byte = i + 2 < len ? gw_hex_byte(chars + i + 1) : -1;
        size_t end = byte < 0 ? skip_end(chars + i + 1, len - i - 1) : 2;
        if (byte < 0 && !end && i + 1 < len)
            return false;
        if (byte >= 0)
            out[kept++] = (char)byte;
        solid = kept;
        i += end;
    }
    *out_len = solid;
    return true;
}

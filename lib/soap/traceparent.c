/* traceparent.c - the grammar of W3C Trace Context, section 3.2.
 *
 * Invariant: what is valid is printable ASCII without the characters that markup quotes.
 *
 * Happy path: version, trace, parent, flags, each behind a '-'. Failure: false.
 */
#include "soap/traceparent.h"

#include <stddef.h>
#include <string.h>

enum { VERSION_LEN = 2, TRACE_LEN = 32, PARENT_LEN = 16, FLAGS_LEN = 2 };

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* Moves behind a field of so many digits. */
static bool read_field(const char **text, size_t len)
{
    size_t i;
    for (i = 0; i < len; i++)
        if (!is_hex((*text)[i]))
            return false;
    *text += len;
    return true;
}

/* The same for one behind a '-' that isn't 0. */
static bool read_id(const char **text, size_t len)
{
    if (**text != '-' || strspn(*text + 1, "0") >= len)
        return false;
    ++*text;
    return read_field(text, len);
}

/* What later versions may append. */
static bool is_more(const char *text)
{
    if (*text != '-')
        return false;
    for (; *text; text++)
        if (*text <= ' ' || *text > '~' || strchr("<>&'\"", *text))
            return false;
    return true;
}

bool sx_traceparent_is_valid(const char *text)
{
    const char *end = text;
    if (!text || strnlen(text, SX_TRACEPARENT_BYTES) == SX_TRACEPARENT_BYTES)
        return false;
    if (!read_field(&end, VERSION_LEN) || strncmp(text, "ff", VERSION_LEN) == 0)
        return false;
    if (!read_id(&end, TRACE_LEN) || !read_id(&end, PARENT_LEN) || *end++ != '-' ||
        !read_field(&end, FLAGS_LEN))
        return false;
    return !*end || (strncmp(text, "00", VERSION_LEN) != 0 && is_more(end));
}

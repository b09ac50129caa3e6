/* attribute.c - attributes, found by their text. */
#include "attribute.h"

#include <stdio.h>
#include <string.h>

enum { MARK_BYTES = 160 };

const char *attribute_find(const char *text, const char *tag, const char *name, char *out,
                           size_t out_bytes)
{
    char mark[MARK_BYTES];
    const char *begin, *end, *found;
    out[0] = '\0';
    snprintf(mark, sizeof mark, "<%s ", tag);
    begin = strstr(text, mark);
    if (!begin)
        return NULL;
    end = strchr(begin, '>');
    snprintf(mark, sizeof mark, " %s='", name);
    found = strstr(begin, mark);
    if (!found || found > end)
        return NULL;
    found += strlen(mark);
    snprintf(out, out_bytes, "%.*s", (int)strcspn(found, "'"), found);
    return out;
}

/* See place.h. */
#include "config/place.h"

#include <stdarg.h>
#include <stdio.h>

int gw_place_tell(struct gw_place place, const struct gw_why *why, const char *format, ...)
{
    va_list arguments;
    char *at;
    int len = place.line ? snprintf(why->text, why->bytes, "%s:%d: ", place.path, place.line)
                         : snprintf(why->text, why->bytes, "%s: ", place.path);
    if (len > 0 && (size_t)len < why->bytes) {
        va_start(arguments, format);
        vsnprintf(why->text + len, why->bytes - (size_t)len, format, arguments);
        va_end(arguments);
    }
    for (at = why->text; why->bytes > 0 && *at; at++) {
        if ((unsigned char)*at < ' ' || *at == 127)
            *at = '?';
    }
    return -1;
}

int gw_place_no_memory(const struct gw_why *why)
{
    snprintf(why->text, why->bytes, "no memory for the configuration");
    return -1;
}

/* See place.h. */
#include "config/place.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

const char *gw_place_path(struct gw_place place, const char *path, struct ct_pool *pool)
{
    const char *slash = strrchr(place.path, '/');
    int folder = slash && *path != '/' ? (int)(slash - place.path) + 1 : 0;
    char here[PATH_MAX] = "", *whole;
    size_t bytes;
    if (*path != '/' && *place.path != '/' && !getcwd(here, sizeof here))
        *here = '\0';
    bytes = strlen(here) + 1 + (size_t)folder + strlen(path) + 1;
    whole = ct_pool_take(pool, bytes);
    if (whole)
        snprintf(whole, bytes, "%s%s%.*s%s", here, *here ? "/" : "", folder, place.path, path);
    return whole;
}

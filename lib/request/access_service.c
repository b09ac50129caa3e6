/* access_service.c - which namespaces a service's operations are in.
 *
 * Invariant: no pattern stands there twice.
 *
 * Happy path: add_table... -> has. Failure: no memory: what was there stays.
 */
#include "request/access_service.h"

#include <stdlib.h>
#include <string.h>

void sx_access_service_fini(struct sx_access_service *service)
{
    while (service->count)
        free(service->patterns[--service->count]);
    free(service->patterns);
    *service = (struct sx_access_service){0};
}

static bool is_there(const struct sx_access_service *service, const char *pattern)
{
    size_t i;
    for (i = 0; i < service->count; i++)
        if (strcmp(service->patterns[i], pattern) == 0)
            return true;
    return false;
}

static enum sx_err add(struct sx_access_service *service, const char *pattern)
{
    char *copy;
    if (is_there(service, pattern))
        return SX_OK;
    if (service->count == service->capacity) {
        size_t capacity = service->capacity ? 2 * service->capacity : 8;
        char **grown = realloc(service->patterns, capacity * sizeof *grown);
        if (!grown)
            return SX_ENOMEM;
        service->patterns = grown;
        service->capacity = capacity;
    }
    copy = strdup(pattern);
    if (!copy)
        return SX_ENOMEM;
    service->patterns[service->count++] = copy;
    return SX_OK;
}

enum sx_err sx_access_service_add_table(struct sx_access_service *service,
                                        const char *const *patterns, size_t count)
{
    enum sx_err err = SX_OK;
    size_t i;
    service->has_table = true;
    for (i = 0; i < count && err == SX_OK; i++)
        err = add(service, patterns[i]);
    return err;
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

/* After a '*' that didn't fit, one character more is tried under it. */
static bool matches(const char *uri, const char *pattern)
{
    const char *star = NULL, *retry = NULL;
    while (*uri) {
        if (*pattern == '*') {
            star = pattern++;
            retry = uri;
        } else if (*pattern && lower(*pattern) == lower(*uri)) {
            pattern++;
            uri++;
        } else if (star) {
            pattern = star + 1;
            uri = ++retry;
        } else {
            return false;
        }
    }
    return pattern[strspn(pattern, "*")] == '\0';
}

bool sx_access_service_has(const struct sx_access_service *service, const char *uri)
{
    size_t i;
    for (i = 0; i < service->count; i++)
        if (matches(uri, service->patterns[i]))
            return true;
    return false;
}

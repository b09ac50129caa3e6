/* twin.c - names are put into an order in which two that are the same stand side by side.
 *
 * Happy path: few attributes have a prefix, and each its own local name. Failure: no memory.
 */
#include "xml/twin.h"

#include <stdlib.h>
#include <string.h>

enum { FEW = 16 /* names, for which no memory is taken */ };

struct name {
    const char *qname, *local, *uri;
};

static bool has_prefix(const char *attribute)
{
    return strchr(attribute, ':') && !sx_namespaces_declares(attribute);
}

static size_t count_prefixed(const char **attributes)
{
    size_t count = 0;
    for (; *attributes; attributes += 2)
        count += has_prefix(*attributes);
    return count;
}

static size_t resolve(const struct sx_namespaces *namespaces, const char **attributes,
                      struct name *names)
{
    size_t count = 0;
    for (; *attributes; attributes += 2) {
        struct name name = {.qname = *attributes};
        if (!has_prefix(*attributes))
            continue;
        name.local = sx_namespaces_resolve(namespaces, name.qname, true, &name.uri);
        if (name.local)
            names[count++] = name;
    }
    return count;
}

static bool is_same(const struct name *one, const struct name *other)
{
    return strcmp(one->local, other->local) == 0 && strcmp(one->uri, other->uri) == 0;
}

static int compare(const void *a, const void *b)
{
    const struct name *one = a, *other = b;
    int order = strcmp(one->local, other->local);
    if (!order)
        order = strcmp(one->uri, other->uri);
    return order ? order : strcmp(one->qname, other->qname);
}

enum sx_err sx_twin_find(const struct sx_namespaces *namespaces, const char **attributes,
                         const char **twin)
{
    struct name few[FEW], *names = few;
    size_t count = count_prefixed(attributes), i;
    *twin = NULL;
    if (count < 2)
        return SX_OK;
    if (count > FEW && !(names = malloc(count * sizeof *names)))
        return SX_ENOMEM;
    count = resolve(namespaces, attributes, names);
    qsort(names, count, sizeof *names, compare);
    for (i = 1; i < count && !*twin; i++)
        if (is_same(&names[i - 1], &names[i]))
            *twin = names[i].qname;
    if (names != few)
        free(names);
    return SX_OK;
}

/* binding.c - the names of channel bindings. */
#include "net/binding.h"

#include <string.h>

static const char *const names[SX_BINDINGS] = {
    [SX_BINDING_EXPORTER] = "tls-exporter",
    [SX_BINDING_END_POINT] = "tls-server-end-point",
    [SX_BINDING_UNIQUE] = "tls-unique",
};

const char *sx_binding_name(enum sx_binding binding)
{
    return names[binding];
}

unsigned sx_binding_find(const char *name)
{
    unsigned i;
    for (i = 0; i < SX_BINDINGS; i++)
        if (strcmp(names[i], name) == 0)
            return 1U << i;
    return 0;
}

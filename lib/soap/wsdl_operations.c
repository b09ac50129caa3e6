/* wsdl_operations.c - which element each operation's request holds.
 *
 * Happy path: an operation of a portType -> its input's message -> the element of that. Without one
 * it is rpc: a binding of the portType says which namespace. Failure: what neither tells is taken
 * to be in the document's own namespace. No memory: out->failed.
 */
#include "soap/wsdl_operations.h"

#include <string.h>

static const char *find_element(const struct sx_wsdl_set *set, const char *message)
{
    size_t i, j;
    for (i = 0; message && i < set->count; i++) {
        const struct sx_wsdl *wsdl = &set->documents[i].wsdl;
        for (j = 0; j < wsdl->message_count; j++)
            if (strcmp(wsdl->messages[j].name, message) == 0)
                return wsdl->messages[j].element;
    }
    return NULL;
}

static const char *find_body_uri(const struct sx_wsdl_set *set,
                                 const struct sx_wsdl_operation *operation)
{
    size_t i, j;
    for (i = 0; i < set->count; i++) {
        const struct sx_wsdl *wsdl = &set->documents[i].wsdl;
        for (j = 0; j < wsdl->binding_count; j++)
            if (strcmp(wsdl->bindings[j].operation, operation->name) == 0 &&
                strcmp(wsdl->bindings[j].port_type, operation->port_type) == 0)
                return wsdl->bindings[j].body_uri;
    }
    return NULL;
}

static bool has(const struct sx_buffer *list, size_t from, const char *name)
{
    size_t at = from;
    while (at < list->len) {
        if (strcmp(list->bytes + at, name) == 0)
            return true;
        at += strlen(list->bytes + at) + 1;
    }
    return false;
}

static void add(struct sx_buffer *out, size_t from, const char *name, unsigned *count)
{
    if (out->failed || has(out, from, name))
        return;
    sx_buffer_add(out, name, strlen(name) + 1);
    ++*count;
}

static void add_operation(const struct sx_wsdl_set *set, const struct sx_wsdl *wsdl,
                          const struct sx_wsdl_operation *operation, struct sx_buffer *out,
                          size_t from, unsigned *count)
{
    const char *element = find_element(set, operation->message), *uri;
    struct sx_buffer name = {0};
    if (element) {
        add(out, from, element, count);
        return;
    }
    uri = find_body_uri(set, operation);
    sx_buffer_add_format(&name, "{%s}%s", uri ? uri : wsdl->target_namespace, operation->name);
    if (name.failed)
        out->failed = true;
    else
        add(out, from, name.bytes, count);
    sx_buffer_fini(&name);
}

void sx_wsdl_operations_list(const struct sx_wsdl_set *set, struct sx_buffer *out)
{
    size_t from = out->len, i, j;
    unsigned count = 0;
    for (i = 0; i < set->count; i++) {
        const struct sx_wsdl *wsdl = &set->documents[i].wsdl;
        for (j = 0; j < wsdl->operation_count && count < SX_WSDL_OPERATIONS; j++)
            add_operation(set, wsdl, &wsdl->operations[j], out, from, &count);
    }
    /* the NUL that ends every buffer is the empty name that ends the list */
    sx_buffer_reserve(out, 1);
}

/* strophe_stanza.c - an element copied into libstrophe's tree.
 *
 * Invariant: path[0] is the copy and owns all others; path[path_len - 1] is the innermost one open.
 *
 * Happy path: a walk through the element; each that opens is pushed, each that closes is popped.
 * Failure: no memory; nothing is left.
 */
#include "net/strophe_stanza.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 16 };

struct copy {
    xmpp_ctx_t *ctx;
    bool names_no_namespace;
    xmpp_stanza_t **path;
    size_t path_len, path_capacity;
};

static bool grow_path(struct copy *copy)
{
    size_t capacity = copy->path_capacity ? 2 * copy->path_capacity : FIRST_CAPACITY;
    xmpp_stanza_t **path;
    if (copy->path_len < copy->path_capacity)
        return true;
    path = realloc(copy->path, capacity * sizeof(xmpp_stanza_t *));
    if (!path)
        return false;
    copy->path = path;
    copy->path_capacity = capacity;
    return true;
}

static bool set_head(const struct copy *copy, xmpp_stanza_t *stanza,
                     const struct sx_element *element)
{
    const struct sx_attribute *attribute = sx_element_attributes(element);
    const char *ns = sx_element_ns(element);
    if (xmpp_stanza_set_name(stanza, sx_element_name(element)) != XMPP_EOK ||
        ((*ns || copy->names_no_namespace) && xmpp_stanza_set_ns(stanza, ns) != XMPP_EOK))
        return false;
    for (; attribute; attribute = attribute->next)
        if (xmpp_stanza_set_attribute(stanza, attribute->name, attribute->value) != XMPP_EOK)
            return false;
    return true;
}

/* Takes the stanza in any case: as the innermost one's last child, or as the copy. */
static bool add(struct copy *copy, xmpp_stanza_t *stanza)
{
    if (!copy->path_len ||
        xmpp_stanza_add_child_ex(copy->path[copy->path_len - 1], stanza, 0) == XMPP_EOK)
        return true;
    xmpp_stanza_release(stanza);
    return false;
}

static bool open_stanza(void *user, const struct sx_element *element)
{
    struct copy *copy = user;
    xmpp_stanza_t *stanza = grow_path(copy) ? xmpp_stanza_new(copy->ctx) : NULL;
    if (!stanza)
        return false;
    if (!set_head(copy, stanza, element)) {
        xmpp_stanza_release(stanza);
        return false;
    }
    if (!add(copy, stanza))
        return false;
    copy->path[copy->path_len++] = stanza;
    return true;
}

static bool add_text(void *user, const char *text, size_t len)
{
    struct copy *copy = user;
    xmpp_stanza_t *node = xmpp_stanza_new(copy->ctx);
    if (!node)
        return false;
    if (xmpp_stanza_set_text_with_size(node, text, len) == XMPP_EOK)
        return add(copy, node);
    xmpp_stanza_release(node);
    return false;
}

static bool close_stanza(void *user, const struct sx_element *element)
{
    struct copy *copy = user;
    (void)element;
    copy->path_len--;
    return true;
}

xmpp_stanza_t *sx_strophe_stanza_new(xmpp_ctx_t *ctx, const struct sx_element *element,
                                     bool names_no_namespace)
{
    struct copy copy = {.ctx = ctx, .names_no_namespace = names_no_namespace};
    const struct sx_element_visitor visitor = {&copy, open_stanza, add_text, close_stanza};
    bool is_whole = sx_element_walk(element, &visitor);
    xmpp_stanza_t *stanza = copy.path && (is_whole || copy.path_len) ? copy.path[0] : NULL;
    free(copy.path);
    if (is_whole || !stanza)
        return stanza;
    xmpp_stanza_release(stanza);
    return NULL;
}

/* strophe_stanza.c - an element copied into libstrophe's tree.
 *
 * Invariant: what a copy has got so far is owned by it, so that releasing it frees all.
 *
 * Happy path: head -> text, child, text, child ... text. Failure: no memory; nothing is left.
 */
#include "net/strophe_stanza.h"

#include <string.h>

struct copy {
    xmpp_ctx_t *ctx;
    bool names_no_namespace;
};

/* Takes the child in any case. */
static bool add_child(xmpp_stanza_t *stanza, xmpp_stanza_t *child)
{
    if (child && xmpp_stanza_add_child_ex(stanza, child, 0) == XMPP_EOK)
        return true;
    if (child)
        xmpp_stanza_release(child);
    return false;
}

static bool add_text(const struct copy *copy, xmpp_stanza_t *stanza, const char *text, size_t len)
{
    xmpp_stanza_t *node = len ? xmpp_stanza_new(copy->ctx) : NULL;
    if (!len)
        return true;
    if (node && xmpp_stanza_set_text_with_size(node, text, len) != XMPP_EOK) {
        xmpp_stanza_release(node);
        return false;
    }
    return add_child(stanza, node);
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

static xmpp_stanza_t *copy_element(const struct copy *copy, const struct sx_element *element);

static bool add_content(const struct copy *copy, xmpp_stanza_t *stanza,
                        const struct sx_element *element)
{
    const struct sx_element *child;
    const char *text = sx_element_text(element);
    size_t done = 0;
    for (child = sx_element_first(element); child; child = sx_element_next(child)) {
        size_t before = sx_element_text_before(child);
        if (!add_text(copy, stanza, text + done, before - done) ||
            !add_child(stanza, copy_element(copy, child)))
            return false;
        done = before;
    }
    return add_text(copy, stanza, text + done, strlen(text + done));
}

static xmpp_stanza_t *copy_element(const struct copy *copy, const struct sx_element *element)
{
    xmpp_stanza_t *stanza = xmpp_stanza_new(copy->ctx);
    if (!stanza)
        return NULL;
    if (set_head(copy, stanza, element) && add_content(copy, stanza, element))
        return stanza;
    xmpp_stanza_release(stanza);
    return NULL;
}

xmpp_stanza_t *sx_strophe_stanza_new(xmpp_ctx_t *ctx, const struct sx_element *element,
                                     bool names_no_namespace)
{
    const struct copy copy = {ctx, names_no_namespace};
    return copy_element(&copy, element);
}

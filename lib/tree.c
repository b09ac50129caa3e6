/* tree.c - libstrophe's stanzas built from expat's events, within a limit.
 *
 * Happy path: open ... text ... close, nested; text is gathered until the next tag and becomes one
 * node. libstrophe appends a child by walking to the last one, hence a limit on nodes.
 * Failure: an element that can't be added leaves the tree as it was; one whose attributes can't all
 * be set stays in it, so the owner prunes or clears.
 */
#include "tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 16, KEPT_BYTES = 65536 /* larger buffers are given back */ };

static void empty_buffer(struct sx_buffer *buffer)
{
    if (buffer->capacity > KEPT_BYTES)
        sx_buffer_fini(buffer);
    else
        sx_buffer_clear(buffer);
}

void sx_tree_clear(struct sx_tree *tree)
{
    if (tree->path_len)
        xmpp_stanza_release(tree->path[0]);
    tree->path_len = tree->nodes = 0;
    empty_buffer(&tree->text);
    empty_buffer(&tree->attribute_names);
}

void sx_tree_fini(struct sx_tree *tree)
{
    sx_tree_clear(tree);
    sx_buffer_fini(&tree->text);
    sx_buffer_fini(&tree->attribute_names);
    free(tree->path);
    tree->path = NULL;
    tree->path_capacity = 0;
}

const char *sx_tree_local_part(const char *qname)
{
    const char *colon = strrchr(qname, ':');
    return colon ? colon + 1 : qname;
}

static enum sx_err count_node(struct sx_tree *tree)
{
    if (tree->nodes < tree->max_nodes) {
        tree->nodes++;
        return SX_OK;
    }
    snprintf(tree->why, sizeof tree->why, "the stanza has more than %u nodes", tree->max_nodes);
    return SX_ETOOBIG;
}

/* The text becomes a node. */
static enum sx_err flush_text(struct sx_tree *tree)
{
    xmpp_stanza_t *node;
    enum sx_err err;

    if (!tree->text.len)
        return SX_OK;
    err = count_node(tree);
    if (err)
        return err;
    node = xmpp_stanza_new(tree->ctx);
    if (!node)
        return SX_ENOMEM;
    if (xmpp_stanza_set_text_with_size(node, tree->text.bytes, tree->text.len) ||
        xmpp_stanza_add_child_ex(tree->path[tree->path_len - 1], node, 0)) {
        xmpp_stanza_release(node);
        return SX_ENOMEM;
    }
    sx_buffer_clear(&tree->text);
    return SX_OK;
}

static enum sx_err grow_path(struct sx_tree *tree)
{
    unsigned capacity = tree->path_capacity ? 2 * tree->path_capacity : FIRST_CAPACITY;
    xmpp_stanza_t **path;

    if (tree->path_len < tree->path_capacity)
        return SX_OK;
    path = realloc(tree->path, capacity * sizeof(xmpp_stanza_t *));
    if (!path)
        return SX_ENOMEM;
    tree->path = path;
    tree->path_capacity = capacity;
    return SX_OK;
}

/* uri NULL: no namespace known. */
static enum sx_err push_element(struct sx_tree *tree, const char *uri, const char *name)
{
    xmpp_stanza_t *element;

    if (grow_path(tree))
        return SX_ENOMEM;
    element = xmpp_stanza_new(tree->ctx);
    if (!element)
        return SX_ENOMEM;
    if (xmpp_stanza_set_name(element, name) || (uri && xmpp_stanza_set_ns(element, uri)) ||
        (tree->path_len && xmpp_stanza_add_child_ex(tree->path[tree->path_len - 1], element, 0))) {
        xmpp_stanza_release(element);
        return SX_ENOMEM;
    }
    tree->path[tree->path_len++] = element;
    return SX_OK;
}

static enum sx_err refuse_unbound(struct sx_tree *tree, const char *qname)
{
    snprintf(tree->why, sizeof tree->why, "the prefix of %.80s is bound nowhere", qname);
    return SX_EMALFORMED;
}

static enum sx_err set_attribute(struct sx_tree *tree, const char *name, const char *value)
{
    if (xmpp_stanza_set_attribute(tree->path[tree->path_len - 1], name, value))
        return SX_ENOMEM;
    if (tree->path_len == 1)
        sx_buffer_add(&tree->attribute_names, name, strlen(name) + 1);
    return tree->attribute_names.failed ? SX_ENOMEM : SX_OK;
}

/* Goes on after an unbound prefix: id and from may follow. */
static enum sx_err set_attributes(struct sx_tree *tree, const struct sx_namespaces *namespaces,
                                  const char **attributes)
{
    const char *local, *uri;
    enum sx_err err = SX_OK;

    for (; *attributes; attributes += 2) {
        if (sx_namespaces_declares(attributes[0]))
            continue;
        if (count_node(tree))
            return SX_ETOOBIG;
        local = sx_namespaces_resolve(namespaces, attributes[0], true, &uri);
        if (!local)
            err = refuse_unbound(tree, attributes[0]);
        else if ((local == attributes[0] || strncmp(attributes[0], "xml:", 4) == 0) &&
                 set_attribute(tree, local, attributes[1]))
            return SX_ENOMEM;
    }
    return err;
}

enum sx_err sx_tree_open(struct sx_tree *tree, const struct sx_namespaces *namespaces,
                         const char *qname, const char **attributes)
{
    const char *uri = NULL;
    const char *local = sx_namespaces_resolve(namespaces, qname, false, &uri);
    enum sx_err full, err = flush_text(tree);

    if (err)
        return err;
    if (uri && !*uri && !tree->names_no_namespace)
        uri = NULL;
    full = count_node(tree);
    if (push_element(tree, uri, local ? local : sx_tree_local_part(qname)))
        return SX_ENOMEM;
    err = set_attributes(tree, namespaces, attributes);
    if (!err && !local)
        err = refuse_unbound(tree, qname);
    return err ? err : full;
}

enum sx_err sx_tree_open_placeholder(struct sx_tree *tree, const char *uri, const char *name)
{
    enum sx_err err = flush_text(tree);

    if (!err)
        err = count_node(tree);
    return err ? err : push_element(tree, uri, name);
}

enum sx_err sx_tree_text(struct sx_tree *tree, const char *text, size_t len)
{
    sx_buffer_add(&tree->text, text, len);
    return tree->text.failed ? SX_ENOMEM : SX_OK;
}

enum sx_err sx_tree_close(struct sx_tree *tree)
{
    enum sx_err err = flush_text(tree);

    if (!err && tree->path_len > 1)
        tree->path_len--;
    return err;
}

/* libstrophe can't remove children, so name and attributes move to a new stanza; nor can it list
 * attributes when memory is short (0.12.2 crashes), hence attribute_names. */
static xmpp_stanza_t *copy_head(struct sx_tree *tree)
{
    xmpp_stanza_t *stanza = tree->path[0], *head = xmpp_stanza_new(tree->ctx);
    const char *name = tree->attribute_names.bytes, *uri = xmpp_stanza_get_ns(stanza), *value;
    const char *end = name ? name + tree->attribute_names.len : NULL;

    if (!head || xmpp_stanza_set_name(head, xmpp_stanza_get_name(stanza)) ||
        (uri && xmpp_stanza_set_ns(head, uri)))
        goto err_after_new;
    for (; name < end; name += strlen(name) + 1) {
        value = xmpp_stanza_get_attribute(stanza, name);
        if (value && xmpp_stanza_set_attribute(head, name, value))
            goto err_after_new;
    }
    return head;

err_after_new:
    if (head)
        xmpp_stanza_release(head);
    return NULL;
}

enum sx_err sx_tree_prune(struct sx_tree *tree)
{
    xmpp_stanza_t *head;

    sx_buffer_clear(&tree->text);
    if (xmpp_stanza_get_children(tree->path[0])) {
        head = copy_head(tree);
        if (!head)
            return SX_ENOMEM;
        xmpp_stanza_release(tree->path[0]);
        tree->path[0] = head;
    }
    tree->path_len = 1;
    return SX_OK;
}

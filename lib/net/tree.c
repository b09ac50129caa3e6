/* tree.c - libstrophe's stanzas built from expat's events, within a limit.
 *
 * Happy path: open ... text ... close, nested; text is gathered until the next tag and becomes one
 * node. libstrophe appends a child by walking to the last one, hence a limit on nodes. A call and
 * its answer hold an envelope and nothing else: for them no node is ever made.
 * Failure: an element that can't be added leaves the tree as it was; one whose attributes can't all
 * be set stays in it, so the owner prunes or clears.
 */
#include "net/tree.h"

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
    tree->placeholder = NULL;
    tree->in_placeholder = false;
    empty_buffer(&tree->text);
    empty_buffer(&tree->head);
    empty_buffer(&tree->placeholder_attributes);
}

void sx_tree_fini(struct sx_tree *tree)
{
    sx_tree_clear(tree);
    sx_buffer_fini(&tree->text);
    sx_buffer_fini(&tree->head);
    sx_buffer_fini(&tree->placeholder_attributes);
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

/* ---- the head ---- */

static const char *behind(const char *text)
{
    return text + strlen(text) + 1;
}

const char *sx_tree_name(const struct sx_tree *tree)
{
    return behind(tree->head.bytes);
}

/* Name and value of an attribute follow each other, from first on. */
static const char *find_attribute(const struct sx_buffer *in, const char *first, const char *name)
{
    const char *own;
    for (own = first; own < in->bytes + in->len; own = behind(behind(own)))
        if (strcmp(own, name) == 0)
            return behind(own);
    return NULL;
}

static bool set_kept_attributes(xmpp_stanza_t *element, const struct sx_buffer *in,
                                const char *first)
{
    const char *own;
    for (own = first; own < in->bytes + in->len; own = behind(behind(own)))
        if (xmpp_stanza_set_attribute(element, own, behind(own)))
            return false;
    return true;
}

const char *sx_tree_attribute(const struct sx_tree *tree, const char *name)
{
    return find_attribute(&tree->head, behind(sx_tree_name(tree)), name);
}

const char *sx_tree_placeholder_attribute(const struct sx_tree *tree, const char *name)
{
    const struct sx_buffer *attributes = &tree->placeholder_attributes;
    return attributes->len ? find_attribute(attributes, attributes->bytes, name) : NULL;
}

static bool push_placeholder(struct sx_tree *tree)
{
    const struct sx_buffer *attributes = &tree->placeholder_attributes;
    return push_element(tree, tree->placeholder_uri, tree->placeholder) == SX_OK &&
           (!attributes->len ||
            set_kept_attributes(tree->path[tree->path_len - 1], attributes, attributes->bytes));
}

xmpp_stanza_t *sx_tree_whole(struct sx_tree *tree)
{
    if (tree->path_len)
        return tree->path[0];
    if (push_element(tree, tree->has_namespace ? tree->head.bytes : NULL, sx_tree_name(tree)))
        return NULL;
    if (!set_kept_attributes(tree->path[0], &tree->head, behind(sx_tree_name(tree))) ||
        (tree->placeholder && !push_placeholder(tree))) {
        xmpp_stanza_release(tree->path[0]);
        tree->path_len = 0;
        return NULL;
    }
    if (!tree->in_placeholder)
        tree->path_len = 1;
    return tree->path[0];
}

/* ---- elements ---- */

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
    if (!sx_tree_whole(tree))
        return SX_ENOMEM;
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

static enum sx_err refuse_unbound(struct sx_tree *tree, const char *qname)
{
    snprintf(tree->why, sizeof tree->why, "the prefix of %.80s is bound nowhere", qname);
    return SX_EMALFORMED;
}

static enum sx_err set_attribute(struct sx_tree *tree, const char *name, const char *value)
{
    struct sx_buffer *kept = tree->in_placeholder ? &tree->placeholder_attributes : &tree->head;
    if (tree->path_len)
        return xmpp_stanza_set_attribute(tree->path[tree->path_len - 1], name, value) ? SX_ENOMEM
                                                                                      : SX_OK;
    sx_buffer_add(kept, name, strlen(name) + 1);
    sx_buffer_add(kept, value, strlen(value) + 1);
    return kept->failed ? SX_ENOMEM : SX_OK;
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

static enum sx_err open_element(struct sx_tree *tree, const char *uri, const char *name)
{
    if (tree->head.len)
        return sx_tree_whole(tree) ? push_element(tree, uri, name) : SX_ENOMEM;
    tree->has_namespace = uri != NULL;
    sx_buffer_add(&tree->head, uri ? uri : "", uri ? strlen(uri) + 1 : 1);
    sx_buffer_add(&tree->head, name, strlen(name) + 1);
    return tree->head.failed ? SX_ENOMEM : SX_OK;
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
    if (open_element(tree, uri, local ? local : sx_tree_local_part(qname)))
        return SX_ENOMEM;
    err = set_attributes(tree, namespaces, attributes);
    if (!err && !local)
        err = refuse_unbound(tree, qname);
    return err ? err : full;
}

enum sx_err sx_tree_open_placeholder(struct sx_tree *tree, const char *uri, const char *name,
                                     const struct sx_namespaces *namespaces,
                                     const char **attributes)
{
    enum sx_err err = flush_text(tree);

    if (!err)
        err = count_node(tree);
    if (err)
        return err;
    if (tree->path_len || tree->placeholder) {
        err = open_element(tree, uri, name);
    } else {
        tree->placeholder = name;
        tree->placeholder_uri = uri;
        tree->in_placeholder = true;
    }
    return err || !attributes ? err : set_attributes(tree, namespaces, attributes);
}

enum sx_err sx_tree_text(struct sx_tree *tree, const char *text, size_t len)
{
    sx_buffer_add(&tree->text, text, len);
    return tree->text.failed ? SX_ENOMEM : SX_OK;
}

enum sx_err sx_tree_close(struct sx_tree *tree)
{
    enum sx_err err = flush_text(tree);

    tree->in_placeholder = false;
    if (!err && tree->path_len > 1)
        tree->path_len--;
    return err;
}

/* libstrophe can't remove children; head has all that stays. */
void sx_tree_prune(struct sx_tree *tree)
{
    sx_buffer_clear(&tree->text);
    sx_buffer_clear(&tree->placeholder_attributes);
    if (tree->path_len)
        xmpp_stanza_release(tree->path[0]);
    tree->path_len = 0;
    tree->placeholder = NULL;
    tree->in_placeholder = false;
}

/* tree.c - a tree of elements built from a parser's events, within a limit.
 *
 * Happy path: open ... text ... close, nested; text is gathered until the next tag and counts as
 * one node. A call and its answer hold an envelope and nothing else: for them no tree is ever made.
 * Failure: an element that can't be added leaves the tree as it was; one whose attributes can't all
 * be set stays in it, so the owner prunes or clears.
 */
#include "net/tree.h"

#include <stdio.h>
#include <string.h>

enum { KEPT_BYTES = 65536 /* larger buffers are given back */ };

static void empty_buffer(struct sx_buffer *buffer)
{
    if (buffer->capacity > KEPT_BYTES)
        sx_buffer_fini(buffer);
    else
        sx_buffer_clear(buffer);
}

static void free_elements(struct sx_tree *tree)
{
    sx_element_free(tree->root);
    tree->root = tree->innermost = NULL;
    tree->placeholder = NULL;
    tree->in_placeholder = false;
}

void sx_tree_clear(struct sx_tree *tree)
{
    free_elements(tree);
    tree->nodes = 0;
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
}

const char *sx_tree_local_part(const char *qname)
{
    const char *colon = strrchr(qname, ':');
    return colon ? colon + 1 : qname;
}

static enum sx_err count_node(struct sx_tree *tree)
{
    if (tree->nodes >= tree->max_nodes) {
        snprintf(tree->why, sizeof tree->why, "the stanza has more than %u nodes", tree->max_nodes);
        return SX_ETOOBIG;
    }
    if (tree->root && sx_element_tree_bytes(tree->root) > tree->max_bytes) {
        snprintf(tree->why, sizeof tree->why, "the stanza takes more than %zu bytes of memory",
                 tree->max_bytes);
        return SX_ETOOBIG;
    }
    tree->nodes++;
    return SX_OK;
}

/* Opens a child of the innermost element, or the root. */
static enum sx_err push_element(struct sx_tree *tree, const char *uri, const char *name)
{
    struct sx_element *element =
        tree->innermost ? sx_element_add(tree->innermost, name, uri) : sx_element_new(name, uri);
    if (!element)
        return SX_ENOMEM;
    tree->innermost = element;
    if (!tree->root)
        tree->root = element;
    return SX_OK;
}

/* ---- the head ---- */

static const char *behind(const char *text)
{
    return text + strlen(text) + 1;
}

const char *sx_tree_ns(const struct sx_tree *tree)
{
    return tree->head.bytes;
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

static bool add_kept_attributes(struct sx_element *element, const struct sx_buffer *in,
                                const char *first)
{
    const char *own;
    for (own = first; own < in->bytes + in->len; own = behind(behind(own)))
        if (sx_element_add_attribute(element, own, behind(own)))
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
            add_kept_attributes(tree->innermost, attributes, attributes->bytes));
}

struct sx_element *sx_tree_whole(struct sx_tree *tree)
{
    if (tree->root)
        return tree->root;
    if (push_element(tree, sx_tree_ns(tree), sx_tree_name(tree)))
        return NULL;
    if (!add_kept_attributes(tree->root, &tree->head, behind(sx_tree_name(tree))) ||
        (tree->placeholder && !push_placeholder(tree))) {
        sx_element_free(tree->root);
        tree->root = tree->innermost = NULL;
        return NULL;
    }
    if (!tree->in_placeholder)
        tree->innermost = tree->root;
    return tree->root;
}

/* ---- elements ---- */

/* The text becomes the innermost element's. */
static enum sx_err flush_text(struct sx_tree *tree)
{
    enum sx_err err;

    if (!tree->text.len)
        return SX_OK;
    err = count_node(tree);
    if (err)
        return err;
    if (!sx_tree_whole(tree) ||
        sx_element_add_text(tree->innermost, tree->text.bytes, tree->text.len))
        return SX_ENOMEM;
    sx_buffer_clear(&tree->text);
    return SX_OK;
}

static enum sx_err refuse_unbound(struct sx_tree *tree, const char *qname)
{
    snprintf(tree->why, sizeof tree->why, "the prefix of %.80s is bound nowhere", qname);
    return SX_EMALFORMED;
}

static enum sx_err add_attribute(struct sx_tree *tree, const char *name, const char *value)
{
    struct sx_buffer *kept = tree->in_placeholder ? &tree->placeholder_attributes : &tree->head;
    if (tree->root)
        return sx_element_add_attribute(tree->innermost, name, value);
    sx_buffer_add(kept, name, strlen(name) + 1);
    sx_buffer_add(kept, value, strlen(value) + 1);
    return kept->failed ? SX_ENOMEM : SX_OK;
}

/* Goes on after an unbound prefix: id and from may follow. */
static enum sx_err add_attributes(struct sx_tree *tree, const struct sx_namespaces *namespaces,
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
                 add_attribute(tree, local, attributes[1]))
            return SX_ENOMEM;
    }
    return err;
}

static enum sx_err open_element(struct sx_tree *tree, const char *uri, const char *name)
{
    if (tree->head.len)
        return sx_tree_whole(tree) ? push_element(tree, uri, name) : SX_ENOMEM;
    sx_buffer_add(&tree->head, uri, strlen(uri) + 1);
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
    full = count_node(tree);
    if (open_element(tree, local ? uri : "", local ? local : sx_tree_local_part(qname)))
        return SX_ENOMEM;
    err = add_attributes(tree, namespaces, attributes);
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
    if (tree->root || tree->placeholder) {
        err = open_element(tree, uri, name);
    } else {
        tree->placeholder = name;
        tree->placeholder_uri = uri;
        tree->in_placeholder = true;
    }
    return err || !attributes ? err : add_attributes(tree, namespaces, attributes);
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
    if (!err && tree->innermost && tree->innermost != tree->root)
        tree->innermost = sx_element_parent(tree->innermost);
    return err;
}

/* head has all that stays. */
void sx_tree_prune(struct sx_tree *tree)
{
    sx_buffer_clear(&tree->text);
    sx_buffer_clear(&tree->placeholder_attributes);
    free_elements(tree);
}

/* tree.h - a stanza on its way to a tree of elements.
 *
 * Noun: the tree under way. Names are local names with the namespace beside them; attributes are
 * known by local name, those with a prefix left out but for xml:lang (x:from='...' must not pass
 * for the `from` that the server stamped).
 *
 * Invariant: head holds the stanza's own name and attributes. It becomes a tree only when something
 * else than one placeholder comes to stand in it, or somebody asks: until then root is NULL. After
 * that root is the stanza and owns all others, and innermost is the innermost element open. Never
 * more than max_nodes elements, attributes and texts; nor of max_bytes, by more than one of them: a
 * namespace is declared once and copied to each element that has it.
 *
 * Errors: SX_ENOMEM; SX_ETOOBIG over these limits and SX_EMALFORMED for a prefix bound nowhere,
 * with a clause in why: the element is there all the same, so that a stanza can be answered.
 */
#ifndef SX_NET_TREE_H
#define SX_NET_TREE_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/fault.h"
#include "wire/element.h"
#include "xml/namespace.h"

struct sx_tree {
    unsigned max_nodes; /* set both before use, zero the rest */
    size_t max_bytes;
    unsigned nodes;
    struct sx_buffer head; /* namespace, name, then attributes and values: NUL-terminated */
    const char *placeholder, *placeholder_uri; /* the stanza's first child, not yet a node */
    struct sx_buffer placeholder_attributes;   /* and their values: NUL-terminated */
    bool in_placeholder;
    struct sx_element *root, *innermost;
    struct sx_buffer text; /* not yet an element's */
    char why[160];
};

void sx_tree_fini(struct sx_tree *tree);
void sx_tree_clear(struct sx_tree *tree); /* for the next stanza */

/* A parser's events. namespaces: in scope, the element's own declarations among them. */
enum sx_err sx_tree_open(struct sx_tree *tree, const struct sx_namespaces *namespaces,
                         const char *qname, const char **attributes);
enum sx_err sx_tree_text(struct sx_tree *tree, const char *text, size_t len);
enum sx_err sx_tree_close(struct sx_tree *tree); /* the stanza itself stays, closed */

/* An element without children, opened. uri and name are constants; attributes NULL: none. */
enum sx_err sx_tree_open_placeholder(struct sx_tree *tree, const char *uri, const char *name,
                                     const struct sx_namespaces *namespaces,
                                     const char **attributes);

/* Takes everything out of the stanza but its own name and attributes. */
void sx_tree_prune(struct sx_tree *tree);

/* The stanza, which stays the tree's; NULL: no memory. */
struct sx_element *sx_tree_whole(struct sx_tree *tree);

/* Of the stanza itself, once it was opened, tree or not; an attribute it doesn't have is NULL. */
const char *sx_tree_ns(const struct sx_tree *tree);
const char *sx_tree_name(const struct sx_tree *tree);
const char *sx_tree_attribute(const struct sx_tree *tree, const char *name);
/* Of the placeholder that stands first in it. */
const char *sx_tree_placeholder_attribute(const struct sx_tree *tree, const char *name);

/* The part of a qualified name behind its last colon. */
const char *sx_tree_local_part(const char *qname);

#endif

/* element.h - a stanza as a tree of elements: name, namespace, attributes, children, text.
 *
 * Noun: the element. Children are elements only; text is asked of the element that it stands in,
 * and comes whole, wherever the children stand in between.
 *
 * Memory: a tree lies in a few blocks that belong to its root. What the functions return lives as
 * long as the tree. The readers can't fail; the builders fail for lack of memory alone, and leave
 * the tree as it was.
 *
 * Thread: one at a time. No I/O, never blocks.
 */
#ifndef SX_WIRE_ELEMENT_H
#define SX_WIRE_ELEMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/fault.h"

struct sx_element;

/* By local name. Of two with one name the first counts. */
struct sx_attribute {
    const char *name, *value;
    const struct sx_attribute *next;
};

/* ---- readers ---- */

const char *sx_element_name(const struct sx_element *element); /* local, never NULL */
const char *sx_element_ns(const struct sx_element *element);   /* "" if it has none */
/* NULL: it has none of that name. */
const char *sx_element_attribute(const struct sx_element *element, const char *name);
/* All of them, in their order; NULL: none. */
const struct sx_attribute *sx_element_attributes(const struct sx_element *element);

/* Whether it has this name in this namespace. NULL is none. */
bool sx_element_is(const struct sx_element *element, const char *name, const char *ns);

/* Children in their order; NULL: there is none. */
const struct sx_element *sx_element_first(const struct sx_element *element);
const struct sx_element *sx_element_next(const struct sx_element *element);
/* The first of that name, whatever its namespace; the first of that name and namespace. */
const struct sx_element *sx_element_child(const struct sx_element *element, const char *name);
const struct sx_element *sx_element_child_of(const struct sx_element *element, const char *name,
                                             const char *ns);

/* All text directly inside, "" if there is none. */
const char *sx_element_text(const struct sx_element *element);
/* Tells the tree in its order: an element opens, pieces of its text (not NUL-terminated) and its
 * children follow, it closes. Each may end the walk by false, which is then the walk's result. */
struct sx_element_visitor {
    void *user;
    bool (*on_open)(void *user, const struct sx_element *element);
    bool (*on_text)(void *user, const char *text, size_t len);
    bool (*on_close)(void *user, const struct sx_element *element);
};
bool sx_element_walk(const struct sx_element *root, const struct sx_element_visitor *visitor);

/* Appends an element, and what is in it, as XML that stands for itself: names without prefixes,
 * xmlns where it changes. */
void sx_element_write(const struct sx_element *root, struct sx_buffer *out);

/* ---- builders: all strings are copied ---- */

/* A root. The caller frees it, and its tree with it; NULL: no memory. */
struct sx_element *sx_element_new(const char *name, const char *ns);
void sx_element_free(struct sx_element *root); /* NULL allowed */

/* A last child, which is parent's tree's; NULL: no memory. */
struct sx_element *sx_element_add(struct sx_element *parent, const char *name, const char *ns);

/* A last attribute; a last piece of its text, without NUL bytes. SX_OK or SX_ENOMEM. */
enum sx_err sx_element_add_attribute(struct sx_element *element, const char *name,
                                     const char *value);
enum sx_err sx_element_add_text(struct sx_element *element, const char *text, size_t len);

/* The element that it was added to; NULL: it is a root. */
struct sx_element *sx_element_parent(const struct sx_element *element);

/* What the root's tree has of memory. */
size_t sx_element_tree_bytes(const struct sx_element *root);

#endif

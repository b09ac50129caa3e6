/* element.c - trees of elements, each in a few blocks of memory.
 *
 * Invariant: whatever a tree points to lies in its own blocks. An element's text is whole and
 * NUL-terminated; children and attributes stand in the order in which they were added.
 *
 * Happy path: new -> add, add_attribute, add_text ... -> read -> free. A stanza mostly fits into
 * the first block. Failure: no memory for another block; the tree stays as it was. Text that grows
 * moves to twice the room, and leaves its old one unused: never more than all text once more.
 */
#include "wire/element.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_BYTES = 1024, MOST_BYTES = 65536 };

struct block {
    struct block *before;
    size_t capacity, used;
    max_align_t bytes[];
};

struct tree {
    struct block *newest;
    size_t bytes; /* of all blocks */
};

struct sx_element {
    struct tree *tree;
    const char *name, *ns;
    struct sx_attribute *attributes, *last_attribute;
    struct sx_element *parent, *first, *last, *next;
    char *text;
    size_t text_len, text_capacity;
    size_t text_before; /* of parent's */
};

/* ---- memory ---- */

static size_t round_up(size_t bytes)
{
    size_t unit = sizeof(void *);
    return (bytes + unit - 1) / unit * unit;
}

static struct block *new_block(struct block *before, size_t capacity)
{
    struct block *block = malloc(sizeof *block + capacity);
    if (!block)
        return NULL;
    block->before = before;
    block->capacity = capacity;
    block->used = 0;
    return block;
}

static void *take_from(struct block *block, size_t bytes)
{
    void *taken = (char *)block->bytes + block->used;
    block->used += bytes;
    return taken;
}

static void *take(struct tree *tree, size_t bytes)
{
    struct block *block = tree->newest;
    size_t capacity;
    bytes = round_up(bytes);
    if (block->capacity - block->used >= bytes)
        return take_from(block, bytes);
    capacity = block->capacity < MOST_BYTES ? 2 * block->capacity : MOST_BYTES;
    block = new_block(block, capacity > bytes ? capacity : bytes);
    if (!block)
        return NULL;
    tree->newest = block;
    tree->bytes += sizeof *block + block->capacity;
    return take_from(block, bytes);
}

static struct tree *new_tree(void)
{
    struct block *block = new_block(NULL, FIRST_BYTES);
    struct tree *tree;
    if (!block)
        return NULL;
    tree = take_from(block, round_up(sizeof *tree));
    *tree = (struct tree){block, sizeof *block + block->capacity};
    return tree;
}

static void free_tree(struct tree *tree)
{
    struct block *block = tree->newest; /* the last of them holds the tree itself */
    while (block) {
        struct block *before = block->before;
        free(block);
        block = before;
    }
}

static const char *copy(struct tree *tree, const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *own = take(tree, bytes);
    return own ? memcpy(own, text, bytes) : NULL;
}

/* ---- builders ---- */

/* Most children have their parent's namespace: it is there already. */
static const char *copy_ns(struct tree *tree, const struct sx_element *parent, const char *ns)
{
    return parent && strcmp(parent->ns, ns) == 0 ? parent->ns : copy(tree, ns);
}

static struct sx_element *make(struct tree *tree, struct sx_element *parent, const char *name,
                               const char *ns)
{
    struct sx_element *element = take(tree, sizeof *element);
    if (!element)
        return NULL;
    *element = (struct sx_element){.tree = tree, .parent = parent};
    element->name = copy(tree, name);
    element->ns = copy_ns(tree, parent, ns);
    return element->name && element->ns ? element : NULL;
}

struct sx_element *sx_element_new(const char *name, const char *ns)
{
    struct tree *tree = new_tree();
    struct sx_element *root = tree ? make(tree, NULL, name, ns) : NULL;
    if (tree && !root)
        free_tree(tree);
    return root;
}

void sx_element_free(struct sx_element *root)
{
    if (root)
        free_tree(root->tree);
}

struct sx_element *sx_element_add(struct sx_element *parent, const char *name, const char *ns)
{
    struct sx_element *child = make(parent->tree, parent, name, ns);
    if (!child)
        return NULL;
    child->text_before = parent->text_len;
    if (parent->last)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
    return child;
}

enum sx_err sx_element_add_attribute(struct sx_element *element, const char *name,
                                     const char *value)
{
    struct sx_attribute *attribute = take(element->tree, sizeof *attribute);
    if (!attribute)
        return SX_ENOMEM;
    *attribute = (struct sx_attribute){copy(element->tree, name), copy(element->tree, value), NULL};
    if (!attribute->name || !attribute->value)
        return SX_ENOMEM;
    if (element->last_attribute)
        element->last_attribute->next = attribute;
    else
        element->attributes = attribute;
    element->last_attribute = attribute;
    return SX_OK;
}

/* Room for more bytes of text and a NUL. The first piece is mostly the only one. */
static bool reserve_text(struct sx_element *element, size_t more)
{
    size_t bytes = element->text_len + more + 1;
    char *text;
    if (bytes <= element->text_capacity)
        return true;
    if (element->text)
        bytes *= 2;
    text = take(element->tree, bytes);
    if (!text)
        return false;
    if (element->text)
        memcpy(text, element->text, element->text_len);
    element->text = text;
    element->text_capacity = bytes;
    return true;
}

enum sx_err sx_element_add_text(struct sx_element *element, const char *text, size_t len)
{
    if (!reserve_text(element, len))
        return SX_ENOMEM;
    memcpy(element->text + element->text_len, text, len);
    element->text_len += len;
    element->text[element->text_len] = '\0';
    return SX_OK;
}

size_t sx_element_tree_bytes(const struct sx_element *root)
{
    return root->tree->bytes;
}

/* ---- readers ---- */

const char *sx_element_name(const struct sx_element *element)
{
    return element->name;
}

const char *sx_element_ns(const struct sx_element *element)
{
    return element->ns;
}

const char *sx_element_attribute(const struct sx_element *element, const char *name)
{
    const struct sx_attribute *attribute;
    for (attribute = element->attributes; attribute; attribute = attribute->next)
        if (strcmp(attribute->name, name) == 0)
            return attribute->value;
    return NULL;
}

const struct sx_attribute *sx_element_attributes(const struct sx_element *element)
{
    return element->attributes;
}

const struct sx_element *sx_element_first(const struct sx_element *element)
{
    return element->first;
}

const struct sx_element *sx_element_next(const struct sx_element *element)
{
    return element->next;
}

struct sx_element *sx_element_parent(const struct sx_element *element)
{
    return element->parent;
}

const struct sx_element *sx_element_child(const struct sx_element *element, const char *name)
{
    const struct sx_element *child = element->first;
    while (child && strcmp(child->name, name) != 0)
        child = child->next;
    return child;
}

bool sx_element_is(const struct sx_element *element, const char *name, const char *ns)
{
    return element && strcmp(element->name, name) == 0 && strcmp(element->ns, ns) == 0;
}

const struct sx_element *sx_element_child_of(const struct sx_element *element, const char *name,
                                             const char *ns)
{
    const struct sx_element *child = element->first;
    while (child && !sx_element_is(child, name, ns))
        child = child->next;
    return child;
}

const char *sx_element_text(const struct sx_element *element)
{
    return element->text ? element->text : "";
}

/* ---- the whole tree ---- */

static bool tell_text(const struct sx_element_visitor *visitor, const struct sx_element *element,
                      size_t begin, size_t end)
{
    return begin == end || visitor->on_text(visitor->user, element->text + begin, end - begin);
}

/* Text up to the first child, all of it if there is none. */
static bool tell_begin(const struct sx_element_visitor *visitor, const struct sx_element *element)
{
    return visitor->on_open(visitor->user, element) &&
           tell_text(visitor, element, 0,
                     element->first ? element->first->text_before : element->text_len);
}

/* The end of an element, and its parent's text up to the next one. */
static bool tell_end(const struct sx_element_visitor *visitor, const struct sx_element *element,
                     const struct sx_element *root)
{
    const struct sx_element *parent = element->parent, *next = element->next;
    if (!visitor->on_close(visitor->user, element))
        return false;
    return element == root || tell_text(visitor, parent, element->text_before,
                                        next ? next->text_before : parent->text_len);
}

bool sx_element_walk(const struct sx_element *root, const struct sx_element_visitor *visitor)
{
    const struct sx_element *element = root;
    for (;;) {
        if (!tell_begin(visitor, element))
            return false;
        if (element->first) {
            element = element->first;
            continue;
        }
        for (;;) {
            if (!tell_end(visitor, element, root))
                return false;
            if (element == root)
                return true;
            if (element->next)
                break;
            element = element->parent;
        }
        element = element->next;
    }
}

/* ---- as XML ---- */

struct writing {
    const struct sx_element *root;
    struct sx_buffer *out;
};

static bool has_content(const struct sx_element *element)
{
    return element->first || element->text_len;
}

static void write_attribute(const char *name, const char *value, struct sx_buffer *out)
{
    sx_buffer_add_text(out, " ");
    sx_buffer_add_text(out, name);
    sx_buffer_add_text(out, "=\"");
    sx_buffer_add_escaped(out, value);
    sx_buffer_add_text(out, "\"");
}

/* Names are local. xml:xmlns is no declaration, and would be one. */
static bool is_declaration(const struct sx_attribute *attribute)
{
    return strcmp(attribute->name, "xmlns") == 0;
}

/* Whether one of that name stands before it: two of them may differ only in their prefixes. */
static bool is_second(const struct sx_element *element, const struct sx_attribute *attribute)
{
    const struct sx_attribute *first = element->attributes;
    while (strcmp(first->name, attribute->name) != 0)
        first = first->next;
    return first != attribute;
}

static bool write_start(void *user, const struct sx_element *element)
{
    const struct writing *writing = user;
    struct sx_buffer *out = writing->out;
    const char *outer_ns = element == writing->root ? "" : element->parent->ns;
    const struct sx_attribute *attribute;
    sx_buffer_add_text(out, "<");
    sx_buffer_add_text(out, element->name);
    if (strcmp(element->ns, outer_ns) != 0)
        write_attribute("xmlns", element->ns, out);
    for (attribute = element->attributes; attribute; attribute = attribute->next)
        if (!is_declaration(attribute) && !is_second(element, attribute))
            write_attribute(attribute->name, attribute->value, out);
    sx_buffer_add_text(out, has_content(element) ? ">" : "/>");
    return !out->failed;
}

static bool write_text(void *user, const char *text, size_t len)
{
    const struct writing *writing = user;
    char *piece = strndup(text, len);
    if (piece)
        sx_buffer_add_escaped(writing->out, piece);
    else
        writing->out->failed = true;
    free(piece);
    return !writing->out->failed;
}

static bool write_end(void *user, const struct sx_element *element)
{
    const struct writing *writing = user;
    if (!has_content(element))
        return true;
    sx_buffer_add_text(writing->out, "</");
    sx_buffer_add_text(writing->out, element->name);
    sx_buffer_add_text(writing->out, ">");
    return !writing->out->failed;
}

void sx_element_write(const struct sx_element *root, struct sx_buffer *out)
{
    struct writing writing = {root, out};
    const struct sx_element_visitor visitor = {&writing, write_start, write_text, write_end};
    sx_element_walk(root, &visitor);
}

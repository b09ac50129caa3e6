/* namespace.c - a stack of namespace declarations, searched from its top.
 *
 * Invariant: items[0..count) are in order of depth; each owns one allocation that holds both its
 * strings, and so do items[count..kept), if it is a small one: every envelope makes the same
 * declarations. count and kept never exceed max_count, whatever a peer declares.
 *
 * Happy path: push on each start tag (nothing to do without xmlns attributes), resolve names, pop
 * on the end tag. An envelope has a handful of declarations, so a linear search from the top is
 * both the simplest and the fastest look-up.
 * Failure: a forbidden declaration, too many, no memory; the next pop cleans up.
 */
#include "xml/namespace.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NS_XML   "http://www.w3.org/XML/1998/namespace"
#define NS_XMLNS "http://www.w3.org/2000/xmlns/"

enum { FIRST_CAPACITY = 16, SMALL_BYTES = 128 /* what is kept */ };

static void truncate_to(struct sx_namespaces *ns, size_t count)
{
    while (ns->count > count) {
        struct sx_namespace *item = &ns->items[--ns->count];
        if (item->bytes <= SMALL_BYTES)
            continue;
        free(item->prefix);
        *item = (struct sx_namespace){0};
    }
}

void sx_namespaces_fini(struct sx_namespaces *ns)
{
    while (ns->kept)
        free(ns->items[--ns->kept].prefix);
    free(ns->items);
    *ns = (struct sx_namespaces){0};
}

void sx_namespaces_pop(struct sx_namespaces *ns, unsigned depth)
{
    size_t count = ns->count;
    while (count && ns->items[count - 1].depth >= depth)
        count--;
    truncate_to(ns, count);
}

/* The prefix that an attribute declares ("" for xmlns itself), NULL if it is no declaration. */
static const char *declared_prefix(const char *attribute)
{
    if (strncmp(attribute, "xmlns", 5) != 0)
        return NULL;
    if (attribute[5] == '\0')
        return "";
    return attribute[5] == ':' ? attribute + 6 : NULL;
}

bool sx_namespaces_declares(const char *attribute)
{
    return declared_prefix(attribute) != NULL;
}

/* Namespaces in XML 1.0, section 3 and its constraint "Reserved Prefixes and Namespace Names". */
static bool is_allowed(const char *prefix, const char *uri, bool has_prefix)
{
    if (has_prefix && (!*prefix || strchr(prefix, ':') || !*uri))
        return false;
    if (strcmp(prefix, "xmlns") == 0 || strcmp(uri, NS_XMLNS) == 0)
        return false;
    return (strcmp(prefix, "xml") == 0) == (strcmp(uri, NS_XML) == 0);
}

/* FNV-1a */
static unsigned key_of(const char *prefix, size_t prefix_len)
{
    unsigned key = 2166136261U;
    while (prefix_len--)
        key = (key ^ (unsigned char)*prefix++) * 16777619U;
    return key;
}

static enum sx_err grow(struct sx_namespaces *ns)
{
    size_t capacity = ns->capacity ? ns->capacity * 2 : FIRST_CAPACITY;
    struct sx_namespace *items;

    if (ns->count < ns->capacity)
        return SX_OK;
    if (capacity > SIZE_MAX / sizeof *items)
        return SX_ENOMEM;
    items = realloc(ns->items, capacity * sizeof *items);
    if (!items)
        return SX_ENOMEM;
    ns->items = items;
    ns->capacity = capacity;
    return SX_OK;
}

static bool make_room(struct sx_namespace *item, size_t bytes)
{
    if (item->prefix && item->bytes >= bytes)
        return true;
    free(item->prefix);
    if (bytes < SMALL_BYTES)
        bytes = SMALL_BYTES;
    item->prefix = malloc(bytes);
    item->bytes = item->prefix ? bytes : 0;
    return item->prefix != NULL;
}

static enum sx_err push_one(struct sx_namespaces *ns, unsigned depth, const char *prefix,
                            const char *uri)
{
    size_t prefix_bytes = strlen(prefix) + 1, uri_bytes = strlen(uri) + 1;
    size_t bytes = prefix_bytes + uri_bytes;
    struct sx_namespace *item;

    if (ns->count >= (ns->max_count ? ns->max_count : SX_NAMESPACES_COUNT))
        return SX_ETOOBIG;
    if (grow(ns))
        return SX_ENOMEM;
    item = &ns->items[ns->count];
    if (ns->count == ns->kept) {
        *item = (struct sx_namespace){0};
        ns->kept++;
    }
    if (!make_room(item, bytes))
        return SX_ENOMEM;
    item->uri = item->prefix + prefix_bytes;
    memcpy(item->prefix, prefix, prefix_bytes);
    memcpy(item->uri, uri, uri_bytes);
    item->depth = depth;
    item->key = key_of(prefix, prefix_bytes - 1);
    ns->count++;
    return SX_OK;
}

enum sx_err sx_namespaces_push(struct sx_namespaces *ns, unsigned depth, const char **attributes)
{
    for (; *attributes; attributes += 2) {
        const char *prefix = declared_prefix(attributes[0]);
        enum sx_err err;
        if (!prefix)
            continue;
        if (!is_allowed(prefix, attributes[1], attributes[0][5] == ':'))
            return SX_EMALFORMED;
        err = push_one(ns, depth, prefix, attributes[1]);
        if (err)
            return err;
    }
    return SX_OK;
}

static bool is_hidden(const struct sx_namespaces *ns, size_t i)
{
    size_t j;
    for (j = i + 1; j < ns->count; j++)
        if (ns->items[j].key == ns->items[i].key &&
            strcmp(ns->items[j].prefix, ns->items[i].prefix) == 0)
            return true;
    return false;
}

void sx_namespaces_write(const struct sx_namespaces *ns, unsigned depth, struct sx_buffer *out)
{
    size_t i;
    for (i = 0; i < ns->count && ns->items[i].depth < depth; i++) {
        const struct sx_namespace *item = &ns->items[i];
        if (is_hidden(ns, i))
            continue;
        sx_buffer_add_text(out, *item->prefix ? " xmlns:" : " xmlns");
        sx_buffer_add_text(out, item->prefix);
        sx_buffer_add_text(out, "=\"");
        sx_buffer_add_escaped(out, item->uri);
        sx_buffer_add_text(out, "\"");
    }
}

const char *sx_namespaces_lookup(const struct sx_namespaces *ns, const char *prefix,
                                 size_t prefix_len)
{
    unsigned key = key_of(prefix, prefix_len);
    size_t i;
    for (i = ns->count; i--;) {
        const struct sx_namespace *item = &ns->items[i];
        if (item->key == key && strncmp(item->prefix, prefix, prefix_len) == 0 &&
            item->prefix[prefix_len] == '\0')
            return item->uri;
    }
    if (prefix_len == 3 && memcmp(prefix, "xml", 3) == 0)
        return NS_XML;
    return prefix_len ? NULL : "";
}

const char *sx_namespaces_resolve(const struct sx_namespaces *ns, const char *qname,
                                  bool is_attribute, const char **uri)
{
    const char *colon = strchr(qname, ':');
    const char *bound;

    if (!colon && is_attribute) {
        *uri = "";
        return qname;
    }
    bound = sx_namespaces_lookup(ns, qname, colon ? (size_t)(colon - qname) : 0);
    /* ":a", "a:" and "a:b:c" are Names to expat but no QNames. */
    if (!bound || (colon && (colon == qname || !colon[1] || strchr(colon + 1, ':'))))
        return NULL;
    *uri = bound;
    return colon ? colon + 1 : qname;
}

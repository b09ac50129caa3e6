/* value.h - what an element of an answer says: text, attributes, elements, as the contract sees it.
 *
 * Noun: the value. Invariant: those of one name lie in one group, in their order; what is an array,
 * a number, an object is decided by the contract if there is one. */
#ifndef CT_VALUE_H
#define CT_VALUE_H

#include <stdbool.h>
#include <libxml/tree.h>

#include "contract/builtin.h"
#include "contract/shape.h"

struct ct_value;

struct ct_value_group {
    struct ct_name name;
    const char *key;
    bool is_attribute, is_array; /* is_array: the contract says so */
    struct ct_value *first, **last;
    size_t count;
    struct ct_value_group *next;
};

struct ct_value {
    const char *text; /* NULL: it has none of its own, but elements */
    const char *type; /* xsi:type, where it is another one than the contract's; or NULL */
    bool is_nil;
    bool is_object; /* in JSON: it may have attributes, or has them, or elements */
    enum ct_builtin_json json;
    struct ct_value_group *groups, **last_group;
    struct ct_table *by_name; /* groups, once they are many; otherwise NULL */
    size_t group_count;
    struct ct_value *next;
};

struct ct_values {
    struct ct_pool *pool;
    struct ct_shapes *shapes; /* NULL: there is no contract */
};

/* The value of an element, whose type has that shape; NULL: it isn't known. NULL if the pool gives
 * no more. */
struct ct_value *ct_value_read(const struct ct_values *values, const xmlNode *node,
                               const struct ct_shape *shape);
/* Puts the value of a child of node in. slot: what the contract says of it, or NULL. false as
 * above. */
bool ct_value_add_child(const struct ct_values *values, struct ct_value *value,
                        const xmlNode *child, const struct ct_slot *slot);
/* A text under a key. */
bool ct_value_add_text(const struct ct_values *values, struct ct_value *value, const char *key,
                       const char *text);
/* An empty one. */
struct ct_value *ct_value_new(const struct ct_values *values);
/* Puts a value in under a key. */
bool ct_value_add(const struct ct_values *values, struct ct_value *value, const char *key,
                  struct ct_value *child);
/* The shape of the global element that is called as node; NULL: there is none. */
const struct ct_shape *ct_value_global_shape(const struct ct_values *values, const xmlNode *node);
/* The text of an element in the pool; NULL as above. */
const char *ct_value_text(const struct ct_values *values, const xmlNode *node);

#endif

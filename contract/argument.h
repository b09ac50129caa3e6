/* argument.h - arguments like rec.name=x as a tree: elements in elements, with values.
 *
 * Noun: the argument, an element or attribute that was named. Invariant: the children of one lie in
 * the order in which they were first named, and the n-th of a name is found by its number. The
 * syntax is request.h's. */
#ifndef CT_ARGUMENT_H
#define CT_ARGUMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "contract/request.h"
#include "contract/shape.h"

struct ct_argument;

/* Those of one name within an element. */
struct ct_argument_group {
    const char *key;
    bool is_attribute;
    struct ct_argument **list;
    size_t count, capacity;
    size_t taken; /* how many the request has written already */
    struct ct_argument_group *next;
};

struct ct_argument {
    const char *key;  /* "name", or "{ns}name" */
    const char *type; /* what stood in <>, or NULL */
    bool is_attribute, has_value, is_nil;
    const char *value; /* if has_value */
    size_t order;      /* the number of the argument that named it first */
    size_t number;     /* among those of its name, from 1 */
    struct ct_argument *parent, *first, **last, *next;
    struct ct_argument_group *groups, **last_group; /* of its children */
    struct ct_table by_key;                         /* groups; attributes are another kind */
    /* What the contract says of it: request.c's. */
    const struct ct_slot *slot;
    const struct ct_shape *shape;
    const struct ct_shape_attribute *attribute;
};

struct ct_arguments {
    struct ct_pool *pool;
    const struct ct_request_form *form;
    size_t bytes_left; /* of files */
    /* Whether parent has a child of that name; NULL: it may have any. */
    bool (*has)(void *context, const struct ct_argument *parent, const char *key);
    /* Looks the new argument up, whose parent has been looked up; NULL: nothing is. */
    enum ct_err (*look_up)(void *context, struct ct_argument *argument, struct ct_error *error);
    void *context;
};

/* Adds what text says below top, which is zeroed but for what look_up() needs, at first. order: the
 * number of the argument. CT_EUSAGE, CT_ENOMEM, CT_ELIMIT, and look_up's. */
enum ct_err ct_argument_add(struct ct_arguments *arguments, struct ct_argument *top,
                            const char *text, size_t order, struct ct_error *error);

/* Those of that name, or NULL. */
struct ct_argument_group *ct_argument_group(const struct ct_argument *argument, const char *key,
                                            bool is_attribute);

enum { CT_ARGUMENT_PATH_BYTES = 256 };
/* "rec.p[2]"; "" of top. A key of its child may be added: "rec.p[2].x"; NULL: none. */
const char *ct_argument_path(const struct ct_argument *argument, const char *child,
                             char path[CT_ARGUMENT_PATH_BYTES]);

#endif

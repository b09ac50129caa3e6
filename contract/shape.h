/* shape.h - what elements of a type hold: its content and attributes with all that it inherits, and
 * with groups and references put in.
 *
 * Noun: the shape. Invariant: made once for each type that is met, in the pool of whoever asks (a
 * request, an answer), so that the model stays constant; all shapes together have at most
 * CT_SHAPE_SLOTS slots, however often a contract refers to a large group. */
#ifndef CT_SHAPE_H
#define CT_SHAPE_H

#include <stdbool.h>

#include "contract/model.h"

enum { CT_SHAPE_SLOTS = 200000, CT_SHAPE_DEPTH = 32 };

struct ct_shape;

/* A place in a content: an element, or a group of slots. */
struct ct_slot {
    enum ct_particle_kind kind; /* ELEMENT, SEQUENCE, ALL, CHOICE, ANY */
    int least, most;
    struct ct_place place;
    const struct ct_element *element; /* of an element */
    const char *documentation;
    const char *key;              /* how paths and JSON name it: "name", or "{ns}name" */
    bool may_repeat;              /* more than one of it may be there */
    size_t number;                /* of the element in its shape */
    const struct ct_shape *shape; /* of the element's own type, once it was asked for */
    struct ct_slot *parent, *first, *next;
};

struct ct_shape_attribute {
    struct ct_name name;
    struct ct_type_use type;
    const char *key; /* "name", or "{ns}name"; NULL: it is prohibited */
    bool is_required;
    const char *fixed, *preset, *documentation;
    struct ct_shape_attribute *next;
};

struct ct_shape {
    const struct ct_type *type;
    const struct ct_type *simple; /* of its text; NULL: it holds no text */
    struct ct_slot *content;      /* NULL: no elements */
    struct ct_shape_attribute *attributes;
    bool is_mixed, is_any; /* is_any: whatever one likes (anyType) */
    bool has_any;          /* elements of other schemas may be there */
    size_t element_count;
    struct ct_table by_name; /* slots by name, and those without siblings of their local name by
                              * that alone; attributes likewise */
};

struct ct_shapes {
    const struct ct_model *model;
    struct ct_pool *pool;
    struct ct_table table;
    size_t slots_left;
};

void ct_shape_begin(struct ct_shapes *shapes, const struct ct_model *model, struct ct_pool *pool);

/* The shape of a type. CT_ECONTRACT: something that it is made of isn't defined; CT_EUNSUPPORTED;
 * CT_ELIMIT; CT_ENOMEM. */
enum ct_err ct_shape_of(struct ct_shapes *shapes, const struct ct_type *type,
                        const struct ct_shape **shape, struct ct_error *error);
/* That of an element's type. */
enum ct_err ct_shape_of_element(struct ct_shapes *shapes, const struct ct_element *element,
                                const struct ct_shape **shape, struct ct_error *error);
enum ct_err ct_shape_of_slot(struct ct_shapes *shapes, const struct ct_slot *slot,
                             const struct ct_shape **shape, struct ct_error *error);

/* By its name; by its key. NULL: there is none. */
const struct ct_slot *ct_shape_slot(const struct ct_shape *shape, struct ct_name name);
const struct ct_slot *ct_shape_slot_called(const struct ct_shape *shape, const char *key);
const struct ct_shape_attribute *ct_shape_attribute(const struct ct_shape *shape,
                                                    struct ct_name name);
const struct ct_shape_attribute *ct_shape_attribute_called(const struct ct_shape *shape,
                                                           const char *key);

/* Whether a group's content may be absent altogether: it, or all that it requires. */
bool ct_shape_is_optional(const struct ct_slot *slot);

/* The next slot that is an element, behind slot (NULL: the first one) in the order of the contract,
 * or NULL. */
const struct ct_slot *ct_shape_next(const struct ct_shape *shape, const struct ct_slot *slot);

#endif

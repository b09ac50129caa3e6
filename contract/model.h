/* model.h - what a contract holds once it is read: types, elements, messages' elements, by name.
 *
 * Noun: the model. Invariant: written while the contract is read, constant afterwards. References
 * are names, looked up where they are used: what nobody uses may be missing. All of it lies in the
 * model's pool, and no documents are needed any more. */
#ifndef CT_MODEL_H
#define CT_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include "contract/pool.h"
#include "contract/table.h"

enum ct_kind {
    CT_KIND_TYPE,
    CT_KIND_LOCAL_TYPE, /* by local name alone: the first of several (next_namesake) */
    CT_KIND_ELEMENT,
    CT_KIND_ATTRIBUTE,
    CT_KIND_GROUP,
    CT_KIND_ATTRIBUTE_GROUP,
    CT_KIND_SUBSTITUTE, /* of the element with this name */
    CT_KIND_PREFIX,     /* that the contract declares for a namespace; the local name is "" */
    CT_KIND_MESSAGE,
    CT_KIND_PORT_TYPE,
    CT_KIND_BINDING,
    CT_KIND_OPERATION,
    CT_KIND_VISITED /* a document that was read for a namespace */
};

enum { CT_MODEL_DERIVATIONS = 64, CT_MODEL_UNBOUNDED = -1 };

/* Where in which document. */
struct ct_place {
    const char *document;
    int line;
};

struct ct_type;

/* A type, by name or in place; neither: anyType. */
struct ct_type_use {
    struct ct_name name;
    const struct ct_type *type;
};

struct ct_element {
    struct ct_name name;
    struct ct_place place;
    struct ct_type_use type;
    bool is_nillable, is_abstract;
    const char *fixed, *preset;
    const char *documentation; /* one line, or NULL */
};

enum ct_particle_kind {
    CT_PARTICLE_ELEMENT,
    CT_PARTICLE_REFERENCE, /* to a global element */
    CT_PARTICLE_GROUP,     /* likewise to a group */
    CT_PARTICLE_SEQUENCE,
    CT_PARTICLE_ALL,
    CT_PARTICLE_CHOICE,
    CT_PARTICLE_ANY
};

struct ct_particle {
    enum ct_particle_kind kind;
    int least, most; /* most may be CT_MODEL_UNBOUNDED */
    struct ct_place place;
    const struct ct_element *element; /* of an element in place */
    struct ct_name reference;
    const char *documentation; /* of a reference */
    struct ct_particle *first, *next;
};

struct ct_attribute {
    struct ct_name name; /* of the attribute; of the group, if it is a reference to one */
    bool is_reference, is_group, is_required, is_prohibited;
    struct ct_type_use type;
    const char *fixed, *preset;
    const char *documentation;
    struct ct_attribute *next;
};

struct ct_attribute_group {
    struct ct_attribute *attributes;
};

/* What a restriction says; -1 and NULL: nothing. */
struct ct_facets {
    const char **words; /* NULL behind the last; NULL: no enumeration */
    long length, least_length, most_length;
    const char *least, *most, *above, *below; /* inclusive two, exclusive two */
};

struct ct_builtin;

struct ct_type {
    struct ct_name name; /* local NULL: it has none */
    struct ct_place place;
    const struct ct_builtin *builtin; /* NULL: of the contract */
    bool is_complex, is_abstract, is_mixed, is_extension, has_simple_content, is_list, is_union;
    struct ct_type_use base; /* what is restricted or extended */
    struct ct_particle *content;
    struct ct_attribute *attributes;
    struct ct_facets facets;
    struct ct_type_use item;     /* of a list */
    struct ct_type_use *members; /* of a union */
    size_t member_count;
    const char *unsupported; /* why not: a clause */
    struct ct_type *next_namesake, *next_type;
};

struct ct_model {
    struct ct_pool pool;
    struct ct_table table;
    struct ct_type *types,
        **last_type; /* those with a name, in the order in which they were read */
};

/* What name stands for, or NULL. */
const struct ct_type *ct_model_type(const struct ct_model *model, struct ct_name name);
const struct ct_element *ct_model_element(const struct ct_model *model, struct ct_name name);

/* The type that is used: NULL if there is none of that name; anyType's if it says nothing. */
const struct ct_type *ct_model_used(const struct ct_model *model, const struct ct_type_use *use);

/* Whether type is base, or derived from it. */
bool ct_model_derives(const struct ct_model *model, const struct ct_type *type,
                      const struct ct_type *base);

/* Whether it is XML Schema's anyType. */
bool ct_model_is_any(const struct ct_type *type);

/* The local name of a type, or of what a type without a name is made from; "" for neither. */
const char *ct_model_type_text(const struct ct_model *model, const struct ct_type *type);

#endif

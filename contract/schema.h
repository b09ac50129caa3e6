/* schema.h - reads one xsd:schema into the model. */
#ifndef CT_SCHEMA_H
#define CT_SCHEMA_H

#include <stdbool.h>
#include <libxml/tree.h>

#include "contract/model.h"

/* One schema while it is read. Invariant: after the first error nothing more is added. */
struct ct_schema {
    struct ct_model *model;
    const char *ns;    /* its targetNamespace, or that of who includes it; "" */
    bool is_chameleon; /* it has none itself: names without prefix are in ns */
    bool elements_are_qualified, attributes_are_qualified;
    const char *document;
    enum ct_err err;
    struct ct_error *error;
};

/* Reads what the schema node declares; its imports and includes are the caller's. ns, document: in
 * the model's pool. CT_ECONTRACT, CT_ENOMEM, CT_ELIMIT. */
enum ct_err ct_schema_read(struct ct_model *model, xmlNode *node, const char *ns, bool is_chameleon,
                           const char *document, struct ct_error *error);

/* For the files that read a part of a schema. */
void *ct_schema_take(struct ct_schema *schema, size_t bytes);
/* A copy of the attribute's value without white space around it; NULL: there is none. */
const char *ct_schema_text(struct ct_schema *schema, const xmlNode *node, const char *attribute);
bool ct_schema_flag(const xmlNode *node, const char *attribute);
/* The name that an attribute refers to; false: it has none, or there was an error. */
bool ct_schema_name(struct ct_schema *schema, const xmlNode *node, const char *attribute,
                    struct ct_name *name);
bool ct_schema_resolve(struct ct_schema *schema, const xmlNode *node, const char *qname,
                       struct ct_name *name);
struct ct_place ct_schema_place(const struct ct_schema *schema, const xmlNode *node);
const char *ct_schema_documentation(struct ct_schema *schema, const xmlNode *node);
bool ct_schema_fail(struct ct_schema *schema, const xmlNode *node, const char *format,
                    const char *detail);
/* The child, whatever it is called, that is a simpleType or complexType as a type, or NULL. */
struct ct_type *ct_schema_type_within(struct ct_schema *schema, const xmlNode *node);

/* schema_type.c: a simpleType or complexType. */
struct ct_type *ct_schema_type(struct ct_schema *schema, const xmlNode *node);
/* schema_content.c: a sequence, choice, all, group, element or any; and attributes. */
struct ct_particle *ct_schema_particle(struct ct_schema *schema, const xmlNode *node);
struct ct_element *ct_schema_element(struct ct_schema *schema, const xmlNode *node, bool is_global);
/* All attributes and references to groups of them among node's children. */
struct ct_attribute *ct_schema_attributes(struct ct_schema *schema, const xmlNode *node);
struct ct_attribute *ct_schema_attribute(struct ct_schema *schema, const xmlNode *node,
                                         bool is_global);

#endif
